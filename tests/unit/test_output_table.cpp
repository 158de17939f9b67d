#include "output/table.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using output::Align;
using output::Style;
using output::Table;

TEST_CASE("a table's columns are as wide as their widest cell, numbers to the right, nothing behind a line's end",
          "[output]")
{
    Table table({{"node"}, {"queues", Align::right}, {"note"}});
    table.add({"rabbit@a", "7", "ok"});
    table.add({"b", "1,234"});
    CHECK(table.render(80, false) == "node      queues  note\n"
                                     "rabbit@a       7  ok\n"
                                     "b          1,234\n");
}

TEST_CASE("a table too wide cuts the column that may shrink and no other", "[output]")
{
    Table table({{"name", Align::left, true}, {"messages", Align::right}});
    table.add({"orders.of.the.whole.world", "123456789012"});
    CHECK(table.render(30, false) == "name                  messages\n"
                                     "orders.of.the.w…  123456789012\n");
}

TEST_CASE("of two columns that may shrink the wider one loses letters first", "[output]")
{
    Table table({{"a", Align::left, true}, {"b", Align::left, true}});
    table.add({"0123456789", "0123456789012345"});
    CHECK(table.render(24, false) == "a           b\n"
                                     "0123456789  01234567890…\n");
    CHECK(table.render(1, false) == "a         b\n"
                                    "0123456…  0123456…\n");
}

TEST_CASE("wide characters count two columns and combining ones none", "[output]")
{
    CHECK(output::display_width("abc") == 3);
    CHECK(output::display_width("注文") == 4);
    CHECK(output::display_width("e\u0301") == 1);
    CHECK(output::display_width("ü…") == 2);
    CHECK(output::display_width("🐇") == 2);
    CHECK(output::display_width("\xff\xfe") == 2);

    Table table({{"name"}, {"n", Align::right}});
    table.add({"注文", "1"});
    table.add({"ab", "2"});
    CHECK(table.render(80, false) == "name  n\n"
                                     "注文  1\n"
                                     "ab    2\n");
}

TEST_CASE("a wide character is cut away whole", "[output]")
{
    CHECK(output::cut("注文番号", 8) == "注文番号");
    CHECK(output::cut("注文番号", 7) == "注文番…");
    CHECK(output::cut("注文番号", 6) == "注文…");
    CHECK(output::cut("abc", 0).empty());
}

TEST_CASE("control characters, direction marks and broken UTF-8 in a cell are shown escaped", "[output]")
{
    CHECK(output::escaped("a\nb\tc\x1b[31m") == "a\\nb\\tc\\x1b[31m");
    CHECK(output::escaped("\u202egpj.exe") == "\\u202egpj.exe");
    CHECK(output::escaped("\u009b") == "\\u009b");
    CHECK(output::escaped("ok \xc3\x28 \xed\xa0\x80") == "ok \\xc3( \\xed\\xa0\\x80");
    CHECK(output::escaped("\xc0\xaf\xf4\x90\x80\x80") == "\\xc0\\xaf\\xf4\\x90\\x80\\x80");
    CHECK(output::escaped("größe 注文 🐇") == "größe 注文 🐇");
    CHECK(output::escaped_lines("a\nb\rc") == "a\nb\\rc");

    Table table({{"name"}});
    table.add({"two\nlines"});
    CHECK(table.render(80, false) == "name\ntwo\\nlines\n");
}

TEST_CASE("colour surrounds a cell's text but not its padding", "[output]")
{
    Table table({{"state"}, {"x"}});
    table.add({{"up", Style::good}, "1"});
    table.add({{"paused", Style::bad}, "2"});
    auto const text = table.render(80, true);
    CHECK(text.find("\033[32mup\033[0m      1\n") != std::string::npos);
    CHECK(text.find("\033[1;31mpaused\033[0m  2\n") != std::string::npos);
    CHECK(output::styled("x", Style::bad, false) == "x");
}

TEST_CASE("a table without rows is its headings", "[output]")
{
    Table const table({{"name"}, {"state"}});
    CHECK(table.empty());
    CHECK(table.render(80, false) == "name  state\n");
}
