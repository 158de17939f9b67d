#include "base/error.hpp"
#include "base/stop.hpp"
#include "messaging/source.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <fstream>
#include <thread>

using namespace rmqha;
using namespace std::chrono_literals;
using messaging::Message;
using messaging::Next;
using messaging::Source;
using test::TemporaryFolder;

namespace {

constexpr std::size_t k_chunk = 256U << 10U; // what is read at a time

base::Fd file_with(TemporaryFolder const& folder, std::string const& content)
{
    auto const path = folder / "input";
    std::ofstream(path, std::ios::binary) << content;
    base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(fd);
    return fd;
}

std::vector<std::string> all_of(Source& source)
{
    std::vector<std::string> bodies;
    Message message;
    for (;;) {
        auto const next = source.next(message);
        REQUIRE(next != Next::later);
        if (next == Next::end) {
            return bodies;
        }
        bodies.push_back(message.body);
    }
}

std::vector<std::string> records(std::string const& content, char delimiter = '\n', std::size_t limit = 128U << 20U)
{
    TemporaryFolder const folder;
    auto const source =
        messaging::make_record_source(file_with(folder, content), {}, {.delimiter = delimiter, .limit = limit});
    return all_of(*source);
}

struct Pipe {
    base::Fd reading;
    base::Fd writing;
    explicit Pipe(int flags = 0)
    {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC | flags) == 0);
        reading.reset(ends[0]);
        writing.reset(ends[1]);
    }
    void write(std::string const& text) const
    {
        REQUIRE(::write(writing.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
};

using Bodies = std::vector<std::string>;

Bodies left_over_of(Source& source)
{
    Bodies bodies;
    for (Message message; source.left_over(message);) {
        bodies.push_back(message.body);
    }
    return bodies;
}

} // namespace

TEST_CASE("each line is a record, the last one also without its newline")
{
    CHECK(records("a\nbc\n") == Bodies{"a", "bc"});
    CHECK(records("a\nbc") == Bodies{"a", "bc"});
    CHECK(records("").empty());
}

TEST_CASE("empty records are records, but there is none after the last delimiter")
{
    CHECK(records("\n\na\n\n") == Bodies{"", "", "a", ""});
    CHECK(records("\n") == Bodies{""});
}

TEST_CASE("records may contain anything but their delimiter")
{
    std::string const nul(1, '\0');
    CHECK(records("a" + nul + "b\nc") == Bodies{"a" + nul + "b", "c"});
    CHECK(records("a\nb" + nul + nul + "c" + nul, '\0') == Bodies{"a\nb", "", "c"});
    CHECK(records("a\r\nb\xff\xfe\n") == Bodies{"a\r", "b\xff\xfe"});
}

TEST_CASE("records come whole, wherever they lie across what is read at a time")
{
    for (std::size_t const first : {k_chunk - 2, k_chunk - 1, k_chunk, k_chunk + 1, 3 * k_chunk + 5}) {
        Bodies const expected = {std::string(first, 'x'), "yz", std::string(first / 2, 'w'), "v"};
        std::string content;
        for (auto const& body : expected) {
            content += body + '\n';
        }
        INFO("first record of " << first);
        CHECK((records(content) == expected));
        content.pop_back();
        CHECK((records(content) == expected));
    }
}

TEST_CASE("a record takes all but its body from the prototype, also after it was changed")
{
    TemporaryFolder const folder;
    Message prototype;
    prototype.exchange = "e";
    prototype.routing_key = "k";
    prototype.properties.priority = 3;
    auto const source = messaging::make_record_source(file_with(folder, "1\n2\n"), prototype, {.limit = 100});
    Message message;
    REQUIRE(source->next(message) == Next::message);
    message.exchange = "other";
    message.properties.headers.push_back({"x", {true}});
    REQUIRE(source->next(message) == Next::message);
    CHECK(message.exchange == "e");
    CHECK(message.routing_key == "k");
    CHECK(message.properties == prototype.properties);
    CHECK(message.body == "2");
}

TEST_CASE("a record at the limit is taken; one longer is an error that names it")
{
    for (std::size_t const limit : {std::size_t{5}, k_chunk + 3}) {
        std::string const longest(limit, 'x');
        CHECK((records("a\n" + longest + "\nb\n", '\n', limit) == Bodies{"a", longest, "b"}));
        CHECK((records("a\n" + longest, '\n', limit) == Bodies{"a", longest}));
        for (auto const* const end : {"", "\n", "\nb\n"}) {
            INFO("limit " << limit << ", end \"" << end << '"');
            try {
                records("a\n" + longest + "x" + end, '\n', limit);
                FAIL_CHECK("accepted");
            } catch (base::Error const& error) {
                CHECK(error.code() == base::ExitCode::data);
                CHECK_THAT(error.what(), Catch::StartsWith("record 2 of the input is longer than"));
            }
        }
    }
}

TEST_CASE("a pipe that has nothing yet says later, and goes on when more came")
{
    Pipe pipe(GENERATE(0, O_NONBLOCK));
    int const fd = pipe.reading.get();
    auto const source = messaging::make_record_source(std::move(pipe.reading), {}, {.limit = 100});
    CHECK(source->fd() == fd);
    Message message;
    CHECK(source->next(message) == Next::later);
    pipe.write("ab");
    CHECK(source->next(message) == Next::later);
    pipe.write("c\nd");
    REQUIRE(source->next(message) == Next::message);
    CHECK(message.body == "abc");
    CHECK(source->next(message) == Next::later);
    pipe.writing.reset();
    REQUIRE(source->next(message) == Next::message);
    CHECK(message.body == "d");
    CHECK(source->next(message) == Next::end);
    CHECK(source->next(message) == Next::end);
}

TEST_CASE("what was read ahead from a pipe can be had without reading more, an unfinished record aside")
{
    Pipe pipe;
    pipe.write("one\ntwo\nthree\nfo");
    auto const source = messaging::make_record_source(std::move(pipe.reading), {.routing_key = "k"}, {.limit = 100});
    Message message;
    REQUIRE(source->next(message) == Next::message);
    pipe.write("ur\n");
    CHECK(left_over_of(*source) == Bodies{"two", "three"});
    SECTION("at the end of the input the last record is whole")
    {
        REQUIRE(source->next(message) == Next::message);
        CHECK(message.body == "four");
        pipe.write("five");
        CHECK(source->next(message) == Next::later);
        pipe.writing.reset();
        CHECK(left_over_of(*source).empty()); // the end is not yet known
        REQUIRE(source->next(message) == Next::message);
        CHECK(left_over_of(*source).empty());
    }
}

TEST_CASE("nothing is left over of a file, which can be read again")
{
    TemporaryFolder const folder;
    auto const source = messaging::make_record_source(file_with(folder, "1\n2\n3\n"), {}, {.limit = 100});
    Message message;
    REQUIRE(source->next(message) == Next::message);
    CHECK(left_over_of(*source).empty());
}

TEST_CASE("a single message is left over until it was given; of many alike none is")
{
    auto const single = messaging::make_repeating_source({.body = "x"}, 1);
    CHECK(left_over_of(*single) == Bodies{"x"});
    CHECK(left_over_of(*single).empty());
    CHECK(left_over_of(*messaging::make_repeating_source({.body = "x"}, 3)).empty());
}

TEST_CASE("a guarded source ends when all is no longer well")
{
    bool good = true;
    auto const source =
        messaging::make_guarded_source(messaging::make_repeating_source({.body = "x"}, 5), [&] { return good; });
    CHECK(source->total() == 5);
    Message message;
    CHECK(source->next(message) == Next::message);
    good = false;
    CHECK(source->next(message) == Next::end);
}

TEST_CASE("a limit counts what is left over too")
{
    Pipe pipe;
    pipe.write("1\n2\n3\n4\n5\n");
    auto const source =
        messaging::make_limited_source(messaging::make_record_source(std::move(pipe.reading), {}, {.limit = 100}), 3);
    Message message;
    REQUIRE(source->next(message) == Next::message);
    CHECK(left_over_of(*source) == Bodies{"2", "3"});
}

TEST_CASE("input that cannot be read is an error")
{
    TemporaryFolder const folder;
    base::Fd const fd(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    auto const source = messaging::make_record_source(base::Fd(::dup(fd.get())), {}, {.limit = 100});
    Message message;
    try {
        source->next(message);
        FAIL_CHECK("a folder was read");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::unavailable);
        CHECK_THAT(error.what(), Catch::StartsWith("cannot read the input: "));
    }
    base::Stop const stop;
    CHECK_THROWS_AS(messaging::read_whole(fd.get(), {.limit = 100}, stop), base::Error);
}

TEST_CASE("a message is repeated as often as asked, and a limit ends any source")
{
    Message message;
    message.body = "x";
    auto const repeating = messaging::make_repeating_source(message, 3);
    CHECK(repeating->total() == 3);
    CHECK(all_of(*repeating) == Bodies{"x", "x", "x"});
    CHECK(all_of(*messaging::make_limited_source(messaging::make_repeating_source(message, 3), 2)) == Bodies{"x", "x"});
    CHECK(all_of(*messaging::make_limited_source(messaging::make_repeating_source(message, 3), 9)).size() == 3);
    CHECK(all_of(*messaging::make_limited_source(messaging::make_repeating_source(message, 3), 0)).empty());
}

TEST_CASE("the whole of a file or pipe is one body, NULs and all")
{
    base::Stop const stop;
    TemporaryFolder const folder;
    std::string content(2 * k_chunk + 7, 'x');
    content[5] = '\0';
    CHECK((messaging::read_whole(file_with(folder, content).get(), {.limit = content.size()}, stop) == content));
    CHECK(messaging::read_whole(file_with(folder, "").get(), {.limit = 10}, stop).empty());
    Pipe pipe(GENERATE(0, O_NONBLOCK));
    pipe.write("abc");
    pipe.writing.reset();
    CHECK(messaging::read_whole(pipe.reading.get(), {.limit = 3}, stop) == "abc");
}

TEST_CASE("a body above the limit is an error")
{
    base::Stop const stop;
    TemporaryFolder const folder;
    try {
        messaging::read_whole(file_with(folder, "12345678901").get(), {.limit = 10}, stop);
        FAIL_CHECK("accepted");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::data);
        CHECK(std::string(error.what()) == "the input is longer than 10 B");
    }
}

TEST_CASE("reading a silent pipe ends at the deadline")
{
    base::Stop const stop;
    Pipe pipe;
    pipe.write("begun");
    try {
        auto const soon = std::chrono::steady_clock::now() + 20ms;
        messaging::read_whole(pipe.reading.get(), {.limit = 10, .deadline = soon}, stop);
        FAIL_CHECK("it went on without the rest");
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::timeout);
        CHECK(std::string(error.what()) == "the deadline passed before the input ended");
    }
}

TEST_CASE("reading a silent pipe ends at a stop")
{
    base::Stop stop;
    Pipe const pipe;
    std::thread stopper([&] { stop.request(2); });
    CHECK_THROWS_AS(messaging::read_whole(pipe.reading.get(), {.limit = 10}, stop), base::Interrupted);
    stopper.join();
}

TEST_CASE("a source goes on, in another process, where it was, and its places are the same again")
{
    constexpr int k_records = 5000;
    std::string content;
    for (int i = 0; i < k_records; ++i) {
        content += "record " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 89), '.') + '\n';
    }
    TemporaryFolder const folder;
    auto const whole = messaging::make_record_source(file_with(folder, content), {}, {.limit = 1000});
    REQUIRE(whole->skip_to({}));
    std::vector<messaging::Position> places = {whole->position()};
    Bodies bodies;
    Message message;
    while (whole->next(message) == Next::message) {
        bodies.push_back(message.body);
        places.push_back(whole->position());
    }
    REQUIRE(bodies.size() == k_records);
    CHECK(places.back().bytes == content.size());
    CHECK(whole->at_end());
    bool const by_pipe = GENERATE(false, true);
    for (std::size_t const from : {0U, 1U, 1023U, 1024U, 1025U, 2048U, 3333U, 4999U, 5000U}) {
        INFO("from " << from << ", by pipe " << by_pipe);
        Pipe pipe;
        std::thread writer;
        if (by_pipe) {
            writer = std::thread([&] {
                for (std::size_t i = 0; i < content.size(); i += 4096) {
                    pipe.write(content.substr(i, 4096));
                }
                pipe.writing.reset();
            });
        }
        auto const source = messaging::make_record_source(
            by_pipe ? std::move(pipe.reading) : file_with(folder, content), {}, {.limit = 1000});
        while (!source->skip_to(places[from])) {
            pollfd ready{.fd = source->fd(), .events = POLLIN, .revents = 0};
            REQUIRE(::poll(&ready, 1, 10'000) == 1);
        }
        CHECK(source->position() == places[from]);
        for (auto i = from; i < bodies.size(); ++i) {
            Next next{};
            while ((next = source->next(message)) == Next::later) {
            }
            REQUIRE(next == Next::message);
            REQUIRE(message.body == bodies[i]);
            REQUIRE(source->position() == places[i + 1]);
        }
        if (writer.joinable()) {
            writer.join();
        }
    }
}

TEST_CASE("a file that was read from within goes on from there")
{
    TemporaryFolder const folder;
    auto fd = file_with(folder, "head\n1\n2\n3\n");
    REQUIRE(::lseek(fd.get(), 5, SEEK_SET) == 5);
    auto const source = messaging::make_record_source(base::Fd(::dup(fd.get())), {}, {.limit = 100});
    CHECK(source->extent()->size == 6);
    REQUIRE(source->skip_to({}));
    Message message;
    REQUIRE(source->next(message) == Next::message);
    REQUIRE(source->next(message) == Next::message);
    auto const there = source->position();
    CHECK(there.bytes == 4);
    REQUIRE(::lseek(fd.get(), 5, SEEK_SET) == 5);
    auto const again = messaging::make_record_source(std::move(fd), {}, {.limit = 100});
    REQUIRE(again->skip_to(there));
    CHECK(all_of(*again) == Bodies{"3"});
}

TEST_CASE("another input than before is an error, one that has grown is not")
{
    TemporaryFolder const folder;
    auto const place_in = [&](std::string const& content, std::size_t records) {
        auto const source = messaging::make_record_source(file_with(folder, content), {}, {.limit = 100});
        REQUIRE(source->skip_to({}));
        Message message;
        for (std::size_t i = 0; i < records; ++i) {
            REQUIRE(source->next(message) == Next::message);
        }
        return source->position();
    };
    auto const rest_of = [&](std::string const& content, messaging::Position const& there) {
        auto const source = messaging::make_record_source(file_with(folder, content), {}, {.limit = 100});
        bool const arrived = source->skip_to(there);
        REQUIRE(arrived);
        return all_of(*source);
    };
    auto const there = place_in("aa\nbb\n", 2);
    CHECK(rest_of("aa\nbb\n", there).empty());
    CHECK(rest_of("aa\nbb\ncc\n", there) == Bodies{"cc"});
    CHECK_THROWS_WITH(rest_of("aa\nbc\ncc\n", there),
                      Catch::StartsWith("the input is another: it differs at record 2"));
    CHECK_THROWS_WITH(rest_of("aaa\nb\ncc\n", there), Catch::StartsWith("the input is another: it differs"));
    CHECK_THROWS_WITH(rest_of("aa\nbb", there), Catch::StartsWith("the input is another: it differs"));
    CHECK_THROWS_WITH(rest_of("aa\n", there), "the input is another, or shorter: it ends before record 2");
    auto const within = place_in("aa\nbb", 2);
    CHECK(rest_of("aa\nbb\ncc\n", within) == Bodies{"cc"});
    CHECK(rest_of("aa\nbb\n", within).empty());
    CHECK_THROWS_WITH(rest_of("aa\nbbb\ncc\n", within), Catch::StartsWith("the input is another"));
}

TEST_CASE("a repeated message and a limit count what went before")
{
    auto const repeating = [](std::string body) {
        return messaging::make_repeating_source({.body = std::move(body)}, 5);
    };
    auto const source = repeating("x");
    REQUIRE(source->skip_to({}));
    Message message;
    REQUIRE(source->next(message) == Next::message);
    REQUIRE(source->next(message) == Next::message);
    auto const there = source->position();
    auto const again = repeating("x");
    REQUIRE(again->skip_to(there));
    CHECK_FALSE(again->at_end());
    CHECK(all_of(*again).size() == 3);
    CHECK(again->at_end());
    CHECK_THROWS_WITH(repeating("y")->skip_to(there), "the message is not the one that was sent before");
    for (std::uint64_t const count : {1U, 2U, 4U}) {
        auto const limited = messaging::make_limited_source(repeating("x"), count);
        REQUIRE(limited->skip_to(there));
        CHECK(limited->at_end() == (count <= 2));
        CHECK(all_of(*limited).size() == (count == 4 ? 2 : 0));
    }
}
