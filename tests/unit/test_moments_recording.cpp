#include "moments/recording.hpp"

#include "base/file.hpp"
#include "base/units.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>

#include <fstream>

using namespace rmqha;
using namespace std::chrono_literals;
using moments::Moment;
using moments::Recording;
using moments::When;

namespace {

auto const k_start = base::parse_time("2026-01-31T12:00:00Z").value();

/// A moment that many minutes after the start.
Moment moment_at(int minute)
{
    Moment moment;
    moment.time = k_start + std::chrono::minutes(minute);
    moment.score = minute;
    moment.state = "OK";
    return moment;
}

struct Scene {
    test::TemporaryFolder folder;
    std::filesystem::path file = folder / "moments.ndjson";

    void write(std::string const& text) const { std::ofstream(file, std::ios::app | std::ios::binary) << text; }
    std::string error() const
    {
        return test::error_of([this] { Recording const recording(file); }).what();
    }
    int score(std::string const& when) const
    {
        return Recording(file).moment(moments::parse_when(when, k_start + 1h).value()).score;
    }
};

} // namespace

TEST_CASE("moments of a file are chosen by place and by time")
{
    Scene const scene;
    for (int minute = 1; minute <= 5; ++minute) {
        moments::append_line(scene.file, moments::to_line(moment_at(minute * 10)));
    }
    CHECK(Recording(scene.file).size() == 5);
    CHECK(scene.score("first") == 10);
    CHECK(scene.score("last") == 50);
    CHECK(scene.score("1") == 10);
    CHECK(scene.score("2") == 20);
    CHECK(scene.score("-2") == 40);
    CHECK(scene.score("2026-01-31T12:30:00Z") == 30);
    CHECK(scene.score("2026-01-31T12:39:59Z") == 30);
    CHECK(scene.score("2027-01-01") == 50);
    CHECK(scene.score("30m") == 30); // an hour after the start
    auto const error = [&](std::string const& when) { return test::error_of([&] { scene.score(when); }); };
    CHECK_THAT(error("6").what(), Catch::EndsWith(": has no moment 6, only 5"));
    CHECK_THAT(error("-6").what(), Catch::EndsWith(": has no moment -6, only 5"));
    CHECK(error("-6").code() == base::ExitCode::data);
    CHECK_THAT(error("2h").what(), Catch::Contains(": begins at 2026-01-31T12:10:00.000Z, after 2026-01-31T11:00"));
}

TEST_CASE("what names no moment is refused")
{
    for (auto const* const text : {"", "0", "-0", "-", "second", "1.5", "2026-13-01", "--1", "5x", "+1"}) {
        INFO(text);
        CHECK_FALSE(moments::parse_when(text, k_start));
    }
}

TEST_CASE("a line cut off by a crash is passed over, and the next one begins anew")
{
    Scene const scene;
    auto const line = moments::to_line(moment_at(1));
    moments::append_line(scene.file, line);
    scene.write(line.substr(0, line.size() / 2));
    CHECK(Recording(scene.file).size() == 1);
    CHECK(Recording(scene.file).damaged() == 1);
    CHECK(scene.score("last") == 1);
    moments::append_line(scene.file, moments::to_line(moment_at(2)));
    CHECK(Recording(scene.file).size() == 2);
    CHECK(Recording(scene.file).damaged() == 1);
    CHECK(scene.score("last") == 2);
    scene.write(line.substr(0, line.size() - 1)); // all but its end
    CHECK(Recording(scene.file).size() == 3);
    moments::append_line(scene.file, moments::to_line(moment_at(4)));
    CHECK(Recording(scene.file).size() == 4);
    CHECK(Recording(scene.file).damaged() == 1);
}

TEST_CASE("wherever a line is cut, the moments before and after it are read")
{
    auto const line = moments::to_line(moment_at(1));
    for (std::size_t length = 1; length < line.size(); length += 7) {
        Scene const scene;
        scene.write(line + line.substr(0, length));
        moments::append_line(scene.file, moments::to_line(moment_at(3)));
        Recording const recording(scene.file);
        CHECK(recording.size() + recording.damaged() == 3);
        CHECK(scene.score("first") == 1);
        CHECK(scene.score("last") == 3);
    }
}

TEST_CASE("pages of monitor status are read, one or several, whole or cut")
{
    Scene const scene;
    auto const page = [](char const* time) {
        return fmt::format(
            "{{\n  \"schema_version\": 1,\n  \"time\": \"{}\",\n  \"cluster\": \"c\",\n  \"context\": \"\",\n"
            "  \"state\": \"OK\",\n  \"score\": {{\n    \"value\": 97\n  }},\n  \"nodes\": [\n    {{\n"
            "      \"name\": \"\",\n      \"address\": \"h:1\",\n      \"state\": \"down\",\n"
            "      \"version\": \"\",\n      \"memory_alarm\": null,\n      \"disk_alarm\": null\n    }}\n"
            "  ],\n  \"queues\": {{\n    \"count\": 3\n  }},\n  \"findings\": []\n}}\n",
            time);
    };
    scene.write(page("2026-01-31T12:00:00Z"));
    CHECK(scene.score("last") == 97);
    auto const moment = Recording(scene.file).moment({});
    CHECK(moment.nodes.front().name == "h:1");
    CHECK_FALSE(moment.queues);
    auto const second = page("2026-01-31T13:00:00Z");
    scene.write(second.substr(0, second.size() / 2) + "\n");
    scene.write(second);
    CHECK(Recording(scene.file).size() == 2);
    CHECK(Recording(scene.file).damaged() == 1);
    moments::append_line(scene.file, moments::to_line(moment_at(9)));
    CHECK(scene.score("last") == 9);
}

TEST_CASE("files that hold no moment are refused with what they are")
{
    Scene const scene;
    CHECK_THAT(scene.error(), Catch::EndsWith("moments.ndjson: no such file"));
    scene.write("");
    CHECK_THAT(scene.error(), Catch::EndsWith("moments.ndjson: empty"));
    scene.write("Dear diary\n{\"schema_version\":1}\n\n[\"time\"]\n{\"time\":\"noon\"}\n");
    CHECK_THAT(scene.error(), Catch::EndsWith("moments.ndjson: no moment in it, 4 damaged lines"));
    CHECK_THAT(test::error_of([&] { Recording const folder(scene.folder.path()); }).what(),
               Catch::EndsWith(": not a file"));
    scene.write("{\"time\":\"2026-01-31T12:00:00Z\",\"schema_version\":99}\n");
    auto const error = test::error_of([&] { Recording(scene.file).moment({}); });
    CHECK_THAT(error.what(), Catch::EndsWith("is no moment that this rmqha can read"));
    CHECK(error.code() == base::ExitCode::data);
}

TEST_CASE("a line that cannot be written is an error that names the file")
{
    test::TemporaryFolder const folder;
    auto const error = test::error_of([&] { moments::append_line(folder / "none" / "x", "x\n"); });
    CHECK(error.code() == base::ExitCode::unavailable);
    CHECK_THAT(error.what(), Catch::StartsWith("cannot write ") && Catch::EndsWith(": No such file or directory"));
    CHECK_THAT(test::error_of([&] { moments::append_line("/dev/full", "x\n"); }).what(),
               Catch::Equals("cannot write /dev/full: No space left on device"));
}
