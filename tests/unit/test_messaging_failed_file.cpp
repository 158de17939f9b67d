#include "base/error.hpp"
#include "base/file.hpp"
#include "messaging/envelope.hpp"
#include "messaging/failed_file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

using namespace rmqha;
using messaging::FailedFile;
using messaging::Fate;
using messaging::Message;
using test::TemporaryFolder;

namespace {

/// The messages of the file's lines, as publish --ndjson reads them; each line must end.
std::vector<Message> messages_of(std::filesystem::path const& path)
{
    auto const content = base::read_file(path).value_or("");
    std::vector<Message> messages;
    for (std::size_t begin = 0; begin < content.size();) {
        auto const end = content.find('\n', begin);
        REQUIRE(end != std::string::npos);
        messaging::read_envelope(content.substr(begin, end - begin), messages.emplace_back());
        begin = end + 1;
    }
    return messages;
}

/// Files may grow to `size` bytes and no further, as on a disk that is full.
class SmallDisk {
public:
    explicit SmallDisk(rlim_t size)
    {
        m_handler = std::signal(SIGXFSZ, SIG_IGN);
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &m_before) == 0);
        auto limit = m_before;
        limit.rlim_cur = size;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    SmallDisk(SmallDisk const&) = delete;
    SmallDisk& operator=(SmallDisk const&) = delete;
    ~SmallDisk()
    {
        ::setrlimit(RLIMIT_FSIZE, &m_before);
        std::signal(SIGXFSZ, m_handler);
    }

private:
    rlimit m_before{};
    void (*m_handler)(int) = SIG_DFL;
};

} // namespace

TEST_CASE("what failed is kept with its fate and reason, for the owner alone, behind what was there")
{
    TemporaryFolder const folder;
    auto const path = folder / "failed";
    Message const message{.exchange = "e", .routing_key = "k", .properties = {.message_id = "7"}, .body = "\xff"};
    {
        FailedFile file(path.string());
        file.add(message, Fate::nacked, "the queue is full");
        file.sync();
        CHECK(file.added() == 1);
    }
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
    auto const first = base::read_file(path).value();
    CHECK_THAT(first, Catch::Contains(R"("fate":"nacked","reason":"the queue is full")"));
    {
        FailedFile file(path.string());
        CHECK(base::read_file(path) == first); // opening destroys nothing
        file.add({.body = "second"}, Fate::unknown, "not sent");
        file.sync();
    }
    auto const messages = messages_of(path);
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].exchange == "e");
    CHECK(messages[0].routing_key == "k");
    CHECK(messages[0].properties.message_id == "7");
    CHECK(messages[0].body == "\xff");
    CHECK(messages[1].body == "second");
}

TEST_CASE("a last line without an end is not continued")
{
    TemporaryFolder const folder;
    auto const path = folder / "failed";
    base::write_file(path, R"({"body":"by hand"})");
    FailedFile file(path.string());
    file.sync();
    CHECK(base::read_file(path) == R"({"body":"by hand"})"); // nothing to tell, nothing written
    file.add({.body = "second"}, Fate::unknown, "not sent");
    file.sync();
    auto const messages = messages_of(path);
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].body == "by hand");
    CHECK(messages[1].body == "second");
}

TEST_CASE("a path that cannot be written is told at once")
{
    TemporaryFolder const folder;
    std::string const paths[] = {(folder / "none/failed").string(), folder.path().string(), ""};
    auto const path = paths[GENERATE(0, 1, 2)];
    try {
        FailedFile const file(path);
        FAIL("opened");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::unavailable);
        CHECK_THAT(error.what(), Catch::StartsWith("cannot write \"" + path + "\": "));
    }
}

TEST_CASE("the input is no place for what fails, by whatever name")
{
    TemporaryFolder const folder;
    base::write_file(folder / "input", "{}\n");
    REQUIRE(::link((folder / "input").c_str(), (folder / "other-name").c_str()) == 0);
    base::Fd const input(::open((folder / "input").c_str(), O_RDONLY | O_CLOEXEC));
    CHECK_THROWS_AS(FailedFile((folder / "other-name").string()).refuse_as_input(input.get()), base::Error);
    CHECK_NOTHROW(FailedFile((folder / "fresh").string()).refuse_as_input(input.get()));
    CHECK_NOTHROW(FailedFile((folder / "fresh").string()).refuse_as_input(-1));
}

TEST_CASE("on a full disk whole lines stay, and it is told again and again")
{
    TemporaryFolder const folder;
    auto const path = folder / "failed";
    base::write_file(path, "{\"body\":\"earlier\"}\n");
    FailedFile file(path.string());
    {
        SmallDisk const disk(100'000);
        for (int i = 0; i < 3000 && file.good(); ++i) {
            file.add({.body = std::to_string(i)}, Fate::unknown, "not sent");
        }
        CHECK_FALSE(file.good());
        file.add({.body = "more"}, Fate::unknown, "not sent");
        for (int i = 0; i < 2; ++i) {
            try {
                file.sync();
                FAIL("synced");
            } catch (base::Error const& error) {
                CHECK(error.code() == base::ExitCode::unavailable);
                CHECK_THAT(error.what(), Catch::Contains("does not hold all") && Catch::Contains("File too large"));
            }
        }
    }
    auto const messages = messages_of(path);
    REQUIRE(messages.size() > 100);
    CHECK(messages[0].body == "earlier");
    for (std::size_t i = 1; i < messages.size(); ++i) {
        REQUIRE(messages[i].body == std::to_string(i - 1));
    }
}
