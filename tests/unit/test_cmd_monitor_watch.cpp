#include "cmd/monitor_watch_page.hpp"

#include "output/text.hpp"
#include "support/catch.hpp"
#include "support/health_samples.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;
using cmd::QueueOrder;
using cmd::WatchControls;
using cmd::WatchData;
using cmd::WatchView;
using output::Key;
using Kind = output::Key::Kind;

namespace {

base::TimePoint at(base::Duration time)
{
    return base::TimePoint{} + 1h + time;
}

/// Collections of one cluster, two seconds apart.
class Collections {
public:
    WatchData add(health::Snapshot snapshot)
    {
        snapshot.taken = std::chrono::system_clock::time_point(12h + m_time);
        return m_history.add(
            {.snapshot = std::move(snapshot), .why_not_reached = {}, .asked = tick(), .ended = at(m_time)});
    }
    WatchData add_unreached()
    {
        auto snapshot = test::healthy_snapshot();
        for (int node = 1; node <= 3; ++node) {
            test::take_down(snapshot, node);
        }
        snapshot.queues.reset();
        snapshot.taken = std::chrono::system_clock::time_point(12h + m_time);
        return m_history.add(
            {.snapshot = std::move(snapshot),
             .why_not_reached = base::Error(base::ExitCode::unavailable, "cannot reach any of 3 nodes"),
             .asked = tick(),
             .ended = at(m_time)});
    }

private:
    base::TimePoint tick()
    {
        auto const asked = at(m_time);
        m_time += 2s;
        return asked;
    }

    base::Duration m_time{};
    cmd::WatchHistory m_history{"prod", {}, health::chosen_checks({})};
};

health::Snapshot busy(std::uint64_t messages)
{
    auto snapshot = test::healthy_snapshot();
    snapshot.queues->front().messages = messages;
    for (auto& node : snapshot.nodes) {
        node.counters = management::MessageCounters{messages * 10, messages * 5, messages};
    }
    return snapshot;
}

health::Snapshot with_queues(std::vector<std::pair<std::string, std::uint64_t>> const& queues)
{
    auto snapshot = test::healthy_snapshot();
    snapshot.queues->clear();
    for (auto const& [name, messages] : queues) {
        snapshot.queues->push_back(test::healthy_queue(name));
        snapshot.queues->back().messages = messages;
    }
    return snapshot;
}

std::vector<std::string> lines(WatchData const& data, WatchControls const& controls = {},
                               cmd::WatchPageOptions const& options = {.now = at(5s)})
{
    return cmd::watch_page(&data, controls, options).lines;
}

std::string text(std::vector<std::string> const& lines)
{
    std::string text;
    for (std::string line : lines) {
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

WatchControls after(std::string const& letters, WatchControls controls = {})
{
    for (char const letter : letters) {
        controls = cmd::pressed(controls, {Kind::letter, std::string(1, letter)}, {5});
    }
    return controls;
}

WatchControls press(WatchControls const& controls, Kind kind, std::string const& letter = {})
{
    return cmd::pressed(controls, {kind, letter}, {5});
}

/// The names in the first column below a heading that begins so, down to the next rule or blank line.
std::vector<std::string> column_under(std::vector<std::string> const& page, std::string const& heading)
{
    std::vector<std::string> names;
    auto row = std::find_if(page.begin(), page.end(), [&](auto const& line) { return line.starts_with(heading); });
    for (row += row == page.end() ? 0 : 1; row != page.end() && !row->empty() && !row->starts_with("──"); ++row) {
        if (!row->starts_with("q leave")) {
            names.push_back(row->substr(0, row->find(' ')));
        }
    }
    return names;
}

} // namespace

TEST_CASE("the live page at 80x24")
{
    Collections collections;
    collections.add(busy(100));
    auto snapshot = busy(2100);
    test::take_down(snapshot, 3);
    CHECK(text(lines(collections.add(snapshot))) ==
          R"(prod: CRITICAL  score 58 of 100                                12:00:02Z, 3s old
  because of NODE-DOWN r3@h3
publish   30,000/s                    █  deliver   15,000/s                    █
ack       3,000/s                     █  messages  2,100 +1,000/s             ▂█
NODE   STATE    MEMORY  DISK FREE  FDS  CONNS  ALARMS  UPTIME  VERSION
r1@h1  running    10 %   48.8 GiB  5 %      4  none        3h  4.0.5
r2@h2  running    10 %   48.8 GiB  5 %      4  none        3h  4.0.5
r3@h3  down          -          -    -      -  -            -  -
── findings: 1 critical, 2 warning, 0 unknown ──────────────────────────────────
CRITICAL  NODE-DOWN r3@h3: h3:5672 refused; peers say it is not running
WARNING   QUEUE-BACKLOG queue "orders" in vhost "/": 2,100 messages (queue_back…
WARNING   QUEUE-CRITICAL queue "orders" in vhost "/": 2 of 3 members online: on…
── queues: 1 of 1, by risk ─────────────────────────────────────────────────────
QUEUE   LEADER  COPIES  MESSAGES  CHANGE/s  CONSUMERS  FINDINGS▼
orders  r1@h1      2/3     2,100    +1,000          1  backlog, no spare copy
── events: 3, the latest first ─────────────────────────────────────────────────
12:00:02Z + CRITICAL NODE-DOWN r3@h3: h3:5672 refused; peers say it is not runn…
12:00:02Z + WARNING  QUEUE-BACKLOG queue "orders" in vhost "/": 2,100 messages …
12:00:02Z + WARNING  QUEUE-CRITICAL queue "orders" in vhost "/": 2 of 3 members…




q leave  ? help  Tab overview  s sort: risk  r reverse  / filter  a at risk
)");
}

TEST_CASE("before anything is known the live page says who is asked, and for how long")
{
    auto const page = cmd::watch_page(nullptr, {}, {.now = at(4s), .nodes = 3, .began = at(1s)});
    CHECK(page.lines.size() == 24);
    CHECK(page.lines.front() == "asking 3 nodes, for 3s now");
    CHECK_THAT(page.lines.back(), Catch::StartsWith("q leave"));
}

TEST_CASE("the live page fits whatever the terminal's size and whatever things are called")
{
    Collections collections;
    auto snapshot = test::healthy_snapshot();
    test::take_down(snapshot, 3);
    std::string const names[] = {"注文キュー注文キュー注文キュー注文キュー注文キュー",
                                 "a\xff\xfe\x80 broken",
                                 "esc\033[2Jape\n\t",
                                 "",
                                 "e\u0301\u0301\u0301",
                                 std::string(255, 'x'),
                                 "🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇🐇"};
    for (auto const& name : names) {
        auto queue = test::healthy_queue(name);
        queue.vhost = name;
        queue.messages = 123'456'789'012;
        queue.consumers = 0;
        snapshot.queues->push_back(queue);
        snapshot.nodes.push_back(test::healthy_node(4));
        snapshot.nodes.back().name = name;
    }
    snapshot.cluster_name = names[0];
    collections.add(test::healthy_snapshot());
    auto const data = collections.add(snapshot);
    for (bool const color : {false, true}) {
        for (auto const& [rows, columns] : {std::pair(24, 80), std::pair(10, 40), std::pair(60, 200), std::pair(5, 20),
                                            std::pair(2, 5), std::pair(1, 1), std::pair(1, 300), std::pair(300, 1)}) {
            for (char const* keys : {"", "2", "3", "4", "5", "?", "/abc", "3G"}) {
                auto const page =
                    lines(data, after(keys), {.rows = rows, .columns = columns, .color = color, .now = at(5s)});
                INFO(rows << "x" << columns << " " << keys);
                REQUIRE(page.size() == static_cast<std::size_t>(rows));
                for (auto const& line : page) {
                    INFO(line);
                    REQUIRE(output::styled_width(line) <= columns);
                    REQUIRE(line.find('\n') == std::string::npos);
                    REQUIRE(line.find('\xff') == std::string::npos);
                    REQUIRE(line.find("\033[2J") == std::string::npos);
                    REQUIRE((color || line.find('\033') == std::string::npos));
                }
            }
        }
    }
}

TEST_CASE("on a small screen the live page keeps what is wrong, how old that is, and the nodes")
{
    Collections collections;
    auto snapshot = test::healthy_snapshot();
    test::take_down(snapshot, 3);
    auto const data = collections.add(snapshot);
    auto const page = lines(data, {}, {.rows = 7, .columns = 24, .now = at(3s)});
    CHECK(page.at(0) == "CRITICAL 61       3s old");
    CHECK(column_under(page, "NODE") == std::vector<std::string>{"r1@h1", "r2@h2", "r3@h3"});
    CHECK(lines(data, {}, {.rows = 1, .columns = 15, .now = at(3s)}).at(0) == "CRITICAL 61  3s");
    CHECK(lines(data, {}, {.rows = 1, .columns = 8, .now = at(3s)}).at(0) == "CRITICAL");
}

TEST_CASE("the live page shows the deepest of the queues at risk first, and sorts them as it is told")
{
    auto snapshot = with_queues({{"a", 10}, {"b", 900}, {"c", 30}, {"d", 40}});
    snapshot.queues->at(2).online = {"r1@h1"}; // c: no majority
    snapshot.queues->at(0).online.pop_back();  // a: nothing to spare
    snapshot.queues->at(3).online.pop_back();  // d: the same, and deeper
    Collections collections;
    auto const data = collections.add(snapshot);
    auto const order = [&](std::string const& keys) { return column_under(lines(data, after(keys)), "QUEUE"); };
    using Names = std::vector<std::string>;
    CHECK(order("") == Names{"c", "d", "a", "b"});
    CHECK(order("r") == Names{"b", "a", "d", "c"});
    CHECK(order("m") == Names{"b", "d", "c", "a"});
    CHECK(order("a") == Names{"c", "d", "a"});
    CHECK(order("3ssss") == Names{"a", "b", "c", "d"});
    CHECK_THAT(text(lines(data, after("m"))), Contains("MESSAGES▼"));
    CHECK_THAT(text(lines(data, after("mr"))), Contains("MESSAGES▲"));
}

TEST_CASE("nodes are sorted by what worries most")
{
    auto snapshot = test::healthy_snapshot();
    snapshot.nodes[1].memory_used = 900U << 20U;
    snapshot.nodes[2].uptime = 1min;
    test::take_down(snapshot, 1);
    Collections collections;
    auto const data = collections.add(snapshot);
    auto const order = [&](std::string const& keys) { return column_under(lines(data, after("2" + keys)), "NODE"); };
    using Names = std::vector<std::string>;
    CHECK(order("") == Names{"r1@h1", "r2@h2", "r3@h3"});
    CHECK(order("sr") == Names{"r3@h3", "r2@h2", "r1@h1"});
    CHECK(order("ss") == Names{"r1@h1", "r2@h2", "r3@h3"});
    CHECK(order("sss") == Names{"r2@h2", "r3@h3", "r1@h1"});
    CHECK(order("sssssss").front() == "r3@h3");
}

TEST_CASE("a filter takes part of a name in any case, and is kept or undone")
{
    Collections collections;
    auto const data = collections.add(with_queues({{"Orders", 1}, {"invoices", 2}, {"orders.eu", 3}}));
    auto const typed = after("/oRD");
    CHECK(typed.typing);
    CHECK(column_under(lines(data, typed), "QUEUE").size() == 2);
    CHECK_THAT(lines(data, typed).back(), Contains("filter: oRD_"));
    auto const kept = press(typed, Kind::enter);
    CHECK_FALSE(kept.typing);
    CHECK(kept.filter == "oRD");
    CHECK_THAT(text(lines(data, kept)), Contains("queues: 2 of 3, by risk, filter \"oRD\""));
    // Among others, all nodes stay.
    CHECK(column_under(lines(data, kept), "NODE").size() == 3);
    CHECK(press(after("/xyz", kept), Kind::escape).filter == "oRD");
    CHECK(press(kept, Kind::escape).filter.empty());
    CHECK_FALSE(after("/q").leave);
    auto const wide = press(after("/a"), Kind::letter, "é");
    CHECK(wide.filter == "aé");
    CHECK(press(wide, Kind::backspace).filter == "a");
    CHECK(press(wide, Kind::control, "u").filter.empty());
    CHECK(press(press(wide, Kind::backspace), Kind::backspace).filter.empty());
    CHECK(press(after("/"), Kind::backspace).filter.empty());
}

TEST_CASE("keys change the view, show help and leave")
{
    CHECK(press({}, Kind::tab).view == WatchView::nodes);
    CHECK(press({}, Kind::back_tab).view == WatchView::events);
    CHECK(press(after("5"), Kind::right).view == WatchView::overview);
    CHECK(press(after("3aj/x"), Kind::escape).view == WatchView::queues);
    CHECK(press(after("3aj"), Kind::escape).view == WatchView::overview);
    CHECK_FALSE(press(after("3aj"), Kind::escape).at_risk_only);
    CHECK(after("q").leave);
    CHECK(after("?").help);
    CHECK(after("h").help);
    CHECK_FALSE(after("??").help);
    CHECK_FALSE(after("?s").help);
    CHECK(after("?s").queue_order == QueueOrder::risk);
    CHECK(after("?q").leave);
    CHECK(press({}, Kind::control, "l").redraw);
    CHECK(after("4s").queue_order == QueueOrder::risk);
    CHECK_FALSE(after("5r").queues_reversed);
    CHECK(after("\x01zZ!").view == WatchView::overview);
    Collections collections;
    auto const data = collections.add(test::healthy_snapshot());
    auto const help = text(lines(data, after("?")));
    for (auto const& [keys, what] : cmd::watch_keys()) {
        CHECK_THAT(help, Contains(keys) && Contains(what));
    }
}

TEST_CASE("lists scroll as far as there is something")
{
    std::vector<std::pair<std::string, std::uint64_t>> queues;
    for (int i = 0; i < 100; ++i) {
        queues.emplace_back(fmt::format("q{:03}", i), 0);
    }
    Collections collections;
    auto const data = collections.add(with_queues(queues));
    cmd::WatchPageOptions const options{.now = at(5s)};
    auto const first = [&](WatchControls const& controls) {
        return column_under(cmd::watch_page(&data, controls, options).lines, "QUEUE").at(0);
    };
    CHECK(first(after("3")) == "q000");
    CHECK(first(after("3jjk")) == "q001");
    CHECK(first(press(after("3"), Kind::page_down)) == "q005");
    CHECK(first(press(after("3"), Kind::up)) == "q000");
    auto const end = cmd::watch_page(&data, after("3G"), options);
    CHECK(end.list_rows == 19);
    CHECK(end.scroll == 81);
    CHECK(end.lines.at(22).substr(0, 4) == "q099");
    CHECK(first(press(after("3G"), Kind::home)) == "q000");
    CHECK(first(after("jj")) == "q002"); // in the overview too
}

TEST_CASE("events say what came and went, but not what was there at the beginning")
{
    Collections collections;
    auto snapshot = test::healthy_snapshot();
    snapshot.queues->front().consumers = 0;
    snapshot.queues->front().messages = snapshot.queues->front().messages_ready = 5;
    CHECK(collections.add(snapshot).events.empty());
    test::take_down(snapshot, 3);
    auto const down = collections.add(snapshot);
    REQUIRE_FALSE(down.events.empty());
    CHECK(down.events.front().code == "NODE-DOWN");
    CHECK_THAT(text(lines(down, after("5"))), Contains("12:00:02Z + CRITICAL NODE-DOWN r3@h3: h3:5672 refused"));
    auto back = test::healthy_snapshot();
    back.nodes[2].uptime = 1s;
    auto const events = text(lines(collections.add(back), after("5")));
    CHECK_THAT(events, Contains("12:00:04Z - gone     NODE-DOWN r3@h3"));
    CHECK_THAT(events, Contains("12:00:04Z - gone     QUEUE-NO-CONSUMER"));
    CHECK_THAT(events, Contains("12:00:04Z + WARNING  NODE-RESTARTED r3@h3: up for 1.0s"));
}

TEST_CASE("a problem that can no longer be looked for has not gone")
{
    Collections collections;
    auto snapshot = test::healthy_snapshot();
    snapshot.queues->front().messages = 5'000;
    collections.add(snapshot);
    auto const data = collections.add_unreached();
    CHECK(test::only(data.status.findings, "QUEUE-BACKLOG") != nullptr);
    CHECK(std::none_of(data.events.begin(), data.events.end(),
                       [](auto const& event) { return event.code == "QUEUE-BACKLOG"; }));
}

TEST_CASE("while nobody answers the live page keeps the last figures and says how old they are")
{
    Collections collections;
    collections.add(busy(100));
    auto const data = collections.add_unreached();
    auto const page = lines(data, {}, {.now = at(65s)});
    CHECK_THAT(page.at(0),
               Catch::StartsWith("prod: CRITICAL  score 0 of 100 ") && Catch::EndsWith(" 12:00:00Z, 1m5s old"));
    CHECK(page.at(1) == "  cannot reach any of 3 nodes");
    CHECK_THAT(text(page), Contains("orders") && Contains("r1@h1  down") && Contains("10 %"));
    CHECK(data.events.front().code == "UNREACHABLE");
    auto const again = collections.add(busy(100));
    CHECK(again.problem.empty());
    CHECK(std::any_of(again.events.begin(), again.events.end(), [](auto const& event) {
        return event.code == "UNREACHABLE" && event.kind == health::Event::Kind::gone;
    }));

    Collections never;
    CHECK_THAT(lines(never.add_unreached()).at(0), Catch::EndsWith("no figures yet"));
}

TEST_CASE("figures older than they should be are marked")
{
    Collections collections;
    auto const data = collections.add(test::healthy_snapshot());
    auto const marked = [&](base::Duration now) {
        return lines(data, {}, {.color = true, .now = at(now), .patience = 10s}).at(0).find("\033[1;31m") !=
               std::string::npos;
    };
    CHECK_FALSE(marked(10s));
    CHECK(marked(11s));
}

TEST_CASE("findings are shown with what to do next, all of them")
{
    Collections collections;
    auto snapshot = test::healthy_snapshot();
    for (int i = 4; i < 40; ++i) {
        snapshot.nodes.push_back(test::healthy_node(i));
        snapshot.nodes.back().memory_alarm = true;
    }
    auto const data = collections.add(snapshot);
    auto const page = text(lines(data, after("4G")));
    CHECK_THAT(page, Contains("findings: 36 critical, "));
    CHECK_THAT(page, Contains("→ next: "));
    CHECK_THAT(text(lines(data, press(after("4/R17@"), Kind::enter))),
               Contains("findings: 1 critical, 0 warning, 0 unknown, filter \"R17@\"") &&
                   Contains("ALARM-MEMORY r17@h17"));
}

TEST_CASE("events come to an end, the oldest first")
{
    Collections collections;
    WatchData data;
    for (int i = 0; i < 400; ++i) {
        auto snapshot = test::healthy_snapshot();
        if (i % 2 == 1) {
            test::take_down(snapshot, 3);
        }
        data = collections.add(snapshot);
    }
    CHECK(data.events.size() == cmd::WatchHistory::k_most_events);
    CHECK(data.events.front().time > data.events.back().time);
}
