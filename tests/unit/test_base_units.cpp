#include "base/units.hpp"
#include "support/catch.hpp"

using namespace rmqha::base;
using namespace std::chrono_literals;

TEST_CASE("durations are read with their unit and nothing else", "[base]")
{
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("3s") == 3s);
    CHECK(parse_duration("1.5s") == 1500ms);
    CHECK(parse_duration("5m") == 5min);
    CHECK(parse_duration("2h") == 2h);
    CHECK(parse_duration("1d") == 24h);
    CHECK(parse_duration("0ms") == 0ms);
    for (auto const* bad :
         {"", "3", "s", "-3s", "+3s", " 3s", "3s ", "3 s", "1.2.3s", "1e3s", "3S", "99999d", "nan", "3sec"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_duration(bad));
    }
}

TEST_CASE("sizes count by 1024 or by 1000 as their unit says", "[base]")
{
    CHECK(parse_size("512") == 512U);
    CHECK(parse_size("512B") == 512U);
    CHECK(parse_size("64KiB") == 65536U);
    CHECK(parse_size("10MB") == 10'000'000U);
    CHECK(parse_size("1GiB") == 1073741824U);
    CHECK(parse_size("1.5KiB") == 1536U);
    for (auto const* bad : {"", "KiB", "-1", "1XB", "99999999TiB", "1 KiB", "."}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_size(bad));
    }
}

TEST_CASE("integers are whole, in range and alone", "[base]")
{
    CHECK(parse_integer("0", 0, 9) == 0);
    CHECK(parse_integer("-3", -3, 9) == -3);
    CHECK(parse_integer("65535", 1, 65535) == 65535);
    for (auto const* bad : {"", "x", "1x", " 1", "10", "99999999999999999999", "1.0", "+1"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_integer(bad, 0, 9));
    }
}

TEST_CASE("figures are written for people", "[base]")
{
    CHECK(format_duration(400us) == "0.4ms");
    CHECK(format_duration(12ms) == "12ms");
    CHECK(format_duration(3200ms) == "3.2s");
    CHECK(format_duration(59'960ms) == "1m");
    CHECK(format_duration(310s) == "5m10s");
    CHECK(format_duration(2h + 3min + 4s) == "2h3m");
    CHECK(format_duration(98h) == "4d2h");
    CHECK(format_size(0) == "0 B");
    CHECK(format_size(1023) == "1023 B");
    CHECK(format_size(65536) == "64.0 KiB");
    CHECK(format_size(1048575) == "1.0 MiB");
    CHECK(format_size(1610612736) == "1.5 GiB");
    CHECK(format_count(7) == "7");
    CHECK(format_count(123) == "123");
    CHECK(format_count(1234567) == "1,234,567");
    CHECK(format_time(std::chrono::system_clock::time_point(1'000'000'000'123ms)) == "2001-09-09T01:46:40.123Z");
}

TEST_CASE("times are read as RFC 3339 writes them")
{
    std::pair<char const*, char const*> const times[] = {{"2001-09-09T01:46:40Z", "2001-09-09T01:46:40.000Z"},
                                                         {"2001-09-09", "2001-09-09T00:00:00.000Z"},
                                                         {"2001-09-09t01:46:40.1234567z", "2001-09-09T01:46:40.123Z"},
                                                         {"2001-09-09 01:46:40.5Z", "2001-09-09T01:46:40.500Z"},
                                                         {"2001-09-09T01:46:40+02:30", "2001-09-08T23:16:40.000Z"},
                                                         {"2001-09-09T01:46:40-02:30", "2001-09-09T04:16:40.000Z"},
                                                         {"2024-02-29", "2024-02-29T00:00:00.000Z"}};
    for (auto const& [text, time] : times) {
        CAPTURE(text);
        auto const read = parse_time(text);
        REQUIRE(read);
        CHECK(format_time(*read) == time);
    }
}

TEST_CASE("what is no time is told")
{
    for (auto const* const text :
         {"", "2001", "2001-9-9", "2001-09-09T", "2001-09-09T01:46", "2001-09-09T01:46:40", "2001-13-09", "2001-02-29",
          "2001-09-09T24:00:00Z", "2001-09-09T01:46:61Z", "2001-09-09T01:46:40.Z", "2001-09-09T01:46:40+2",
          "2001-09-09T01:46:40ZZ", "1969-12-31", "-001-01-01", "2001-09-09T01:46:40 Z", " 2001-09-09"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_time(text));
    }
}
