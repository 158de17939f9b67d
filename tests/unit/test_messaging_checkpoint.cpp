#include "base/error.hpp"
#include "base/file.hpp"
#include "base/stop.hpp"
#include "messaging/checkpoint.hpp"
#include "messaging/publisher.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fake_cluster.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

using namespace rmqha;
using namespace std::chrono_literals;
using messaging::Checkpoint;
using messaging::CheckpointFile;
using messaging::CheckpointRecord;
using test::error_of;
using test::FakeChannel;
using test::FakeCluster;
using test::Sent;
using test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

CheckpointRecord some_record()
{
    return {.run = "1f",
            .target = {{"exchange", "events"}, {"routing key", "a \"b\""}},
            .position = {.messages = 7,
                         .records = 9,
                         .bytes = 1ULL << 40U,
                         .digest = 0xfedcba9876543210,
                         .anchor_records = 5,
                         .anchor_bytes = 50},
            .complete = true};
}

/// Publishes the lines of a file, of numbers from 1 on, with a checkpoint, as one run of the program would.
struct Lines {
    TemporaryFolder folder;
    std::size_t window = 10;
    std::function<void()> keep_failed;
    messaging::Ledger ledger;

    std::string checkpoint() const { return folder / "checkpoint"; }
    CheckpointRecord record() const { return messaging::parse_checkpoint(base::read_file(checkpoint()).value()); }

    void write(int count) const
    {
        std::string content;
        for (int i = 1; i <= count; ++i) {
            content += std::to_string(i) + "\n";
        }
        base::write_file(folder / "lines", content);
    }

    void publish(FakeCluster& cluster)
    {
        base::Fd fd(::open((folder / "lines").c_str(), O_RDONLY | O_CLOEXEC));
        auto const source = messaging::make_record_source(std::move(fd), {.routing_key = "orders"}, {.limit = 100});
        Checkpoint checkpoint({.path = this->checkpoint(), .window = window, .keep_failed = keep_failed});
        checkpoint.resume(*source, cluster.stop, base::k_never);
        messaging::Publisher publisher(cluster.connector(),
                                       {.window = window,
                                        .nack_timeout = 0s,
                                        .retry_delay = 1ms,
                                        .run = checkpoint.record().run,
                                        .before = checkpoint.record().position.messages},
                                       {}, cluster.stop);
        try {
            publisher.run(*source, &checkpoint);
        } catch (...) {
            ledger = publisher.ledger();
            throw;
        }
        ledger = publisher.ledger();
    }
};

} // namespace

TEST_CASE("a checkpoint's record comes back as it was written")
{
    auto const record = some_record();
    auto const again = messaging::parse_checkpoint(messaging::to_json(record));
    CHECK(again.run == record.run);
    CHECK(again.target == record.target);
    CHECK(again.position == record.position);
    CHECK(again.complete);
}

TEST_CASE("what is no checkpoint, or a damaged one, is told apart")
{
    auto const whole = messaging::to_json(some_record());
    auto const reason = [](std::string const& text) {
        return std::string(error_of([&] { messaging::parse_checkpoint(text); }).what());
    };
    auto const changed = [&](std::string const& from, std::string const& to) {
        auto text = whole;
        return text.replace(text.find(from), from.size(), to);
    };
    CHECK(reason("") == "the file is empty");
    for (auto const* const other : {"x", "[]", "{}", "1\n2\n3\n", "{\"kind\":1}"}) {
        CHECK(reason(other) == "not a checkpoint of rmqha publish, or damaged");
    }
    CHECK(reason(changed("\"schema_version\": 1", "\"schema_version\": 2")) ==
          "written by another version of rmqha (schema_version 2)");
    CHECK(reason(changed("\"done\": 7", "\"done\": -7")) == "damaged: \"done\" is not a number");
    CHECK(reason(changed("\"done\": 7", "\"done\": 10")) == "damaged: its numbers contradict each other");
    CHECK(reason(changed("fedc", "fedx")) == "damaged: \"digest\" is not one");
    CHECK(reason(changed("\"1f\"", "null")) == "damaged: \"run\" is not text");
    CHECK(reason(changed("\"events\"", "[]")) == "damaged: \"exchange\" is not text");
    for (std::size_t size = 1; size + 2 < whole.size(); ++size) { // the last two are a brace and a newline
        CHECK(reason(whole.substr(0, size)) == "not a checkpoint of rmqha publish, or damaged");
    }
}

TEST_CASE("a checkpoint file is made, held by one, and says what was written last")
{
    TemporaryFolder const folder;
    std::string const path = folder / "checkpoint";
    CheckpointRecord const fresh{.run = "1f", .target = {{"exchange", "e"}}, .position = {}};
    {
        CheckpointFile file(path, fresh);
        CHECK(file.record().run == "1f");
        auto const error = error_of([&] { CheckpointFile(path, fresh); });
        CHECK(error.code() == base::ExitCode::unavailable);
        CHECK_THAT(error.what(), Catch::EndsWith("is in use by another process"));
        file.write({.messages = 3, .records = 3, .bytes = 30}, false);
        CHECK_THROWS_AS(CheckpointFile(path, fresh), base::Error); // still held, though it is another file now
    }
    CheckpointFile const again(path, {.run = "other", .target = fresh.target, .position = {}});
    CHECK(again.record().run == "1f");
    CHECK(again.record().position.messages == 3);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
    CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1); // no temporary file is left
}

TEST_CASE("a file that cannot be a checkpoint is left as it is")
{
    TemporaryFolder const folder;
    auto const failure = [](std::string const& path) { return error_of([&] { CheckpointFile(path, some_record()); }); };
    std::string const notes = folder / "notes";
    base::write_file(notes, "my notes\n");
    CHECK(failure(notes).code() == base::ExitCode::data);
    CHECK_THAT(failure(notes).hint(), Catch::Contains("if \"" + notes + "\" was one"));
    CHECK(base::read_file(notes) == "my notes\n");
    base::write_file(notes, "");
    CHECK(failure(notes).code() == base::ExitCode::data);
    CHECK(failure(folder / "none/checkpoint").code() == base::ExitCode::unavailable);
    CHECK_FALSE(fs::exists(folder / "none"));
    CHECK(failure(folder.path()).code() == base::ExitCode::unavailable);
    CHECK(failure("/dev/null").code() == base::ExitCode::data);
    CHECK(failure("").code() == base::ExitCode::unavailable);
}

TEST_CASE("a checkpoint of another publish is refused with what differs")
{
    TemporaryFolder const folder;
    std::string const path = folder / "checkpoint";
    CheckpointFile(path, {.run = "1f", .target = {{"exchange", "e"}, {"routing key", "a"}}, .position = {}});
    auto const error = error_of([&] {
        CheckpointFile(path, {.run = "2", .target = {{"exchange", "e"}, {"routing key", "b"}}, .position = {}});
    });
    CHECK(error.code() == base::ExitCode::data);
    CHECK(std::string(error.what()) ==
          "the checkpoint \"" + path + "\" is of another publish: its routing key is \"a\", not \"b\"");
}

TEST_CASE("a publish that ended early goes on where it was, with the same ids and numbers")
{
    Lines lines;
    lines.write(100);
    std::vector<Sent> first;
    {
        FakeCluster cluster;
        cluster.broker->on_publish = [&](FakeChannel& channel, Sent const& sent) {
            if (sent.tag <= 42) {
                channel.confirm(sent.tag);
            } else {
                cluster.stop.request(2);
            }
        };
        CHECK_THROWS_AS(lines.publish(cluster), base::Interrupted);
        first = cluster.broker->published;
    }
    CHECK(lines.ledger.confirmed == 42);
    CHECK(lines.record().position.messages == 42);
    CHECK_FALSE(lines.record().complete);
    FakeCluster cluster;
    lines.publish(cluster);
    CHECK(lines.ledger.before == 42);
    CHECK(lines.ledger.confirmed == 58);
    CHECK(lines.record().position.messages == 100);
    CHECK(lines.record().complete);
    auto const& second = cluster.broker->published;
    REQUIRE(first.size() > 42);
    REQUIRE(second.size() == 58);
    CHECK(second.front().body == "43");
    CHECK(second.front().properties == first[42].properties);
    CHECK(second.back().body == "100");
}

TEST_CASE("at every moment the file is less than a window behind what was sent")
{
    Lines lines;
    lines.write(200);
    lines.window = GENERATE(1U, 2U, 7U, 50U);
    FakeCluster cluster;
    std::uint64_t sent = 0;
    std::uint64_t confirmed = 0;
    cluster.broker->on_publish = [&](FakeChannel&, Sent const&) {
        ++sent;
        auto const done = lines.record().position.messages;
        CHECK(sent <= done + lines.window);
        CHECK(done <= confirmed);
    };
    cluster.broker->on_idle = [&](FakeChannel& channel) {
        if (confirmed < sent) {
            channel.confirm(++confirmed);
        }
    };
    lines.publish(cluster);
    CHECK(lines.ledger.confirmed == 200);
}

TEST_CASE("a message that fails ends the run, and is the next one's first")
{
    Lines lines;
    lines.write(100);
    {
        FakeCluster cluster;
        cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
            channel.confirm(sent.tag, false, sent.body != "20");
        };
        lines.publish(cluster);
    }
    CHECK(lines.ledger.nacked == 1);
    CHECK(lines.ledger.read < 20 + 2 * lines.window);
    CHECK(lines.record().position.messages == 19);
    CHECK_FALSE(lines.record().complete);
    FakeCluster cluster;
    lines.publish(cluster);
    CHECK(cluster.broker->published.front().body == "20");
    CHECK(lines.record().complete);
}

TEST_CASE("where failed messages are kept, the checkpoint goes on after them once they are safe")
{
    Lines lines;
    lines.write(100);
    int kept = 0;
    lines.keep_failed = [&] { ++kept; };
    FakeCluster cluster;
    cluster.broker->on_publish = [](FakeChannel& channel, Sent const& sent) {
        channel.confirm(sent.tag, false, sent.body != "20");
    };
    SECTION("safe")
    {
        lines.publish(cluster);
        CHECK(lines.ledger.nacked == 1);
        CHECK(lines.ledger.confirmed == 99);
        CHECK(kept > 0);
        CHECK(lines.record().position.messages == 100);
        CHECK(lines.record().complete);
    }
    SECTION("not safe: nothing more is sent")
    {
        lines.keep_failed = [&] {
            if (++kept > 3) {
                base::fail(base::ExitCode::unavailable, "no space left");
            }
        };
        CHECK_THROWS_WITH(lines.publish(cluster), "no space left");
        CHECK(lines.record().position.messages < 40);
        CHECK(lines.ledger.read < 50);
        CHECK(kept == 4);
    }
}

TEST_CASE("complete is complete, until the input grows")
{
    Lines lines;
    lines.write(30);
    FakeCluster cluster;
    lines.publish(cluster);
    CHECK(lines.record().complete);
    lines.publish(cluster);
    CHECK(lines.ledger.read == 0);
    CHECK(lines.record().complete);
    CHECK(cluster.broker->published.size() == 30);
    lines.write(33);
    lines.publish(cluster);
    CHECK(lines.ledger.before == 30);
    CHECK(lines.ledger.confirmed == 3);
    CHECK(cluster.broker->published.back().body == "33");
}

TEST_CASE("another input is refused before anything is sent")
{
    Lines lines;
    lines.write(30);
    FakeCluster cluster;
    lines.publish(cluster);
    base::write_file(lines.folder / "lines", "1\n2\n");
    auto const error = error_of([&] { lines.publish(cluster); });
    CHECK(error.code() == base::ExitCode::data);
    CHECK_THAT(error.what(), Catch::Contains("the input is another, or shorter"));
    CHECK_THAT(error.hint(), Catch::Contains("to start over"));
    CHECK(cluster.broker->published.size() == 30);
}
