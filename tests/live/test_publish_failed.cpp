#include "publish_scene.hpp"

#include "base/file.hpp"
#include "messaging/envelope.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <set>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;
using nlohmann::json;
using test::Bodies;
using test::PublishScene;

namespace {

json ledger_of(base::Finished const& answer)
{
    INFO(answer.errors);
    return json::parse(answer.output);
}

} // namespace

TEST_CASE("what a full queue refuses is kept, and arrives as it was when there is room", "[live]")
{
    PublishScene scene;
    scene.declare({"--type", "classic", "--argument", "x-max-length:int=3", "--argument", "x-overflow=reject-publish"});
    auto const lines = scene.file("lines", "1\n2\n3\n4\nnot UTF-8: \xff\n");
    auto const answer = scene.publish({"-r", scene.queue.name(), "--lines", "-f", lines, "--window", "1",
                                       "--nack-timeout", "0s", "-H", "tries:int=7", "--type", "order"});
    CHECK(answer.status == 3);
    CHECK(ledger_of(answer).at("confirmed") == 3);
    CHECK(ledger_of(answer).at("nacked") == 2);
    CHECK_THAT(answer.errors, Contains("its queue is full") && Contains("--ndjson --file \"" + scene.failed + "\""));
    CHECK(scene.take_bodies(3) == Bodies{"1", "2", "3"});

    auto const kept = scene.envelopes();
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].at("fate") == "nacked");
    scene.publish_failed();
    auto const arrived = scene.take(2);
    REQUIRE(arrived.size() == 2);
    CHECK(arrived[0].body == "4");
    CHECK(arrived[1].body == "not UTF-8: \xff");
    for (std::size_t i = 0; i < arrived.size(); ++i) {
        auto const& properties = arrived[i].properties;
        CHECK(properties.message_id == kept[i].at("properties").at("message_id").get<std::string>());
        CHECK(properties.type == "order");
        CHECK(properties.delivery_mode == 2);
        auto const seq = static_cast<std::int64_t>(i + 1);
        CHECK(properties.headers == amqp::Table{{"tries", {std::int64_t{7}}}, {"x-rmqha-seq", {seq}}});
    }
}

TEST_CASE("what no queue takes is kept until there is one; later failures come behind it", "[live]")
{
    PublishScene scene;
    CHECK(scene.publish({"-r", scene.queue.name(), "--repeat", "3", "x"}).status == 3);
    auto const answer = scene.publish({"-r", scene.queue.name(), "y"});
    CHECK(answer.status == 3);
    CHECK(ledger_of(answer).at("returned") == 1);
    CHECK_THAT(answer.errors, Contains("NO_ROUTE"));
    CHECK(scene.failed_bodies("returned") == Bodies{"x", "x", "x", "y"});
    scene.declare();
    scene.publish_failed();
    CHECK(scene.take_bodies(4) == Bodies{"x", "x", "x", "y"});
}

TEST_CASE("when what fails cannot be kept it is told, and the exit code is another", "[live]")
{
    PublishScene scene;
    scene.failed = "/dev/full";
    auto const answer = scene.publish({"-r", scene.queue.name(), "--repeat", "3", "x"});
    CHECK(answer.status == 69);
    CHECK(ledger_of(answer).at("returned") == 3);
    CHECK_THAT(answer.errors, Contains("\"/dev/full\" does not hold all 3 messages that failed: No space left"));
    CHECK_THAT(answer.errors, !Contains("Send them again"));
}

TEST_CASE("messages to an exchange there is not are kept, those after the third unsent", "[live]")
{
    PublishScene scene;
    scene.declare();
    auto const exchange = test::unique_name("exchange");
    auto const lines = scene.file("lines", "1\n2\n3\n4\n5\n");
    auto const answer = scene.publish({"-e", exchange, "-r", "k", "--lines", "-f", lines});
    CHECK(answer.status == 65);
    CHECK(ledger_of(answer).at("refused") == 3);
    CHECK(ledger_of(answer).at("unknown") == 2);
    CHECK_THAT(answer.errors, Contains("no exchange '" + exchange + "'"));
    CHECK(scene.failed_bodies("refused") == Bodies{"1", "2", "3"});
    CHECK(scene.failed_bodies("unknown") == Bodies{"4", "5"});

    auto const path = "/api/exchanges/%2F/" + exchange;
    REQUIRE(scene.cluster.manage(1, "PUT", path, R"({"type":"direct"})").status == 201);
    REQUIRE(
        scene.cluster
            .manage(1, "POST", "/api/bindings/%2F/e/" + exchange + "/q/" + scene.queue.name(), R"({"routing_key":"k"})")
            .status == 201);
    scene.publish_failed();
    CHECK(scene.take_bodies(5) == Bodies{"1", "2", "3", "4", "5"});
    scene.cluster.manage(1, "DELETE", path);
}

TEST_CASE("without the permission nothing is published, one message or many; with it all is", "[live]")
{
    PublishScene scene;
    scene.declare();
    test::TemporaryUser user(scene.cluster);
    scene.common = {"--user", user.name()};
    std::vector<std::string> const password{"RMQHA_PASSWORD=secret"};
    auto const single = scene.publish({"-r", scene.queue.name(), "single"}, password);
    CHECK(single.status == 77);
    CHECK(ledger_of(single).at("refused") == 1);
    CHECK_THAT(single.errors, Contains("ACCESS_REFUSED") && Contains("refused for user '" + user.name() + "'"));
    auto const lines = scene.file("lines", "1\n2\n3\n4\n5\n");
    auto const many = scene.publish({"-r", scene.queue.name(), "--lines", "-f", lines}, password);
    CHECK(many.status == 77);
    CHECK(ledger_of(many).at("confirmed") == 0);
    CHECK(ledger_of(many).at("read") == 5);

    user.allow_writing(".*");
    scene.publish_failed(password);
    CHECK(scene.take_bodies(6) == Bodies{"single", "1", "2", "3", "4", "5"});
}

TEST_CASE("a body beyond the broker's limit is refused alone, and kept until the limit is raised", "[live]")
{
    PublishScene scene;
    scene.declare();
    test::SmallMessages limit(scene.cluster, 1 << 20);
    scene.common = {"--node", config::label(scene.cluster.node(1))};
    auto const large = std::string((1U << 20U) + 1, 'x');
    auto const lines = scene.file("lines", "1\n" + large + "\n3\n");
    auto const answer = scene.publish({"-r", scene.queue.name(), "--lines", "-f", lines});
    CHECK(answer.status == 3);
    CHECK(ledger_of(answer).at("confirmed") == 2);
    CHECK(ledger_of(answer).at("refused") == 1);
    CHECK_THAT(answer.errors, Contains("message size 1048577 is larger than configured max size 1048576"));
    CHECK((scene.failed_bodies("refused") == Bodies{large}));
    limit.restore();
    scene.publish_failed();
    auto const arrived = test::take_all(scene.cluster, scene.queue.name()).bodies();
    std::multiset<std::string> const sorted(arrived.begin(), arrived.end()); // "1" or "3" may have been sent twice
    CHECK(sorted.count(large) == 1);
    CHECK(sorted.contains("1"));
    CHECK(sorted.contains("3"));
}

TEST_CASE("a line that is no envelope ends it; what came before is confirmed", "[live]")
{
    PublishScene scene;
    scene.declare();
    auto const key = R"(,"routing_key":")" + scene.queue.name() + "\"}\n";
    auto const input = scene.file("input", R"({"body":"1")" + key + "\n" + R"({"body":"2")" + key +
                                               R"({"body":"3","routing_kye":"k"})" + "\n" + R"({"body":"4")" + key);
    auto const answer = scene.publish({"--ndjson", "-f", input});
    CHECK(answer.status == 65);
    CHECK(ledger_of(answer).at("confirmed") == 2);
    CHECK(ledger_of(answer).at("read") == 2);
    CHECK_THAT(answer.errors, Contains("line 4 of the input") && Contains("Did you mean \"routing_key\"?"));
    CHECK(scene.envelopes().empty());
    CHECK(scene.take_bodies(2) == Bodies{"1", "2"});
}

TEST_CASE("an envelope's message goes through the broker with all its types", "[live]")
{
    PublishScene scene;
    scene.declare();
    auto const headers = R"({"text":"a","int":-5,"big":9223372036854775807,"double":3.0,"flag":true,"none":null,)"
                         R"("when":{"$timestamp":1700000000},"bytes":{"$binary":"AP8="},"latin":{"$base64":"/w=="},)"
                         R"("list":[1,"x",[2.5]],"table":{"a":{"b":1}},"tagged":{"$table":{"$timestamp":1}}})";
    auto const properties =
        R"({"content_type":"a/b","content_encoding":"gzip","delivery_mode":1,"priority":3,"correlation_id":"c",)"
        R"("reply_to":"r","expiration":"60000","message_id":"m","timestamp":1700000001,"type":"t","app_id":"app"})";
    auto const input = scene.file("input", R"({"body_base64":"AAD/","routing_key":")" + scene.queue.name() +
                                               R"(","headers":)" + headers + R"(,"properties":)" + properties + "}\n");
    auto const answer = scene.publish({"--ndjson", "-f", input, "--no-ids", "--app-id", "mine", "-H", "int:int=1"});
    INFO(answer.errors);
    REQUIRE(answer.status == 0);
    auto const arrived = scene.take(1);
    REQUIRE(arrived.size() == 1);
    auto const back = json::parse(messaging::write_envelope({.exchange = arrived[0].exchange,
                                                             .routing_key = arrived[0].routing_key,
                                                             .properties = arrived[0].properties,
                                                             .body = arrived[0].body}));
    CHECK(back.at("headers") == json::parse(headers));
    CHECK(back.at("headers").at("double").is_number_float());
    CHECK(back.at("properties") == json::parse(properties));
    CHECK(back.at("body_base64") == "AAD/");
}

TEST_CASE("stopped while it reads a pipe, each line has arrived or is kept", "[live]")
{
    constexpr int k_lines = 2000;
    PublishScene scene;
    scene.declare();
    auto const pipe = (scene.folder / "pipe").string();
    auto const pid = (scene.folder / "pid").string();
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    base::Fd const writing(::open(pipe.c_str(), O_RDWR | O_CLOEXEC)); // the pipe has no end while this is open
    std::string text;
    for (int i = 0; i < k_lines; ++i) {
        text += std::to_string(i) + "\n";
    }
    REQUIRE(::write(writing.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));

    auto const first = scene.queue.name(); // also sees to the state folder before the thread starts
    auto running = std::async(std::launch::async, [&] {
        base::Stop const never;
        return base::run({.argv = {"sh", "-c", R"(echo $$ >"$1"; shift; exec "$@")", "sh", pid, test::rmqha_binary(),
                                   "--context", scene.cluster.name(), "publish", "--lines", "-f", pipe, "-r", first,
                                   "--rate", "100", "--failed", scene.failed}},
                         std::chrono::steady_clock::now() + 5min, never);
    });
    auto arrived = test::take(scene.cluster, scene.queue.name(), 1).bodies();
    REQUIRE(arrived.size() == 1);
    REQUIRE(::kill(std::stoi(base::read_file(pid).value()), SIGTERM) == 0);
    auto const answer = running.get();
    INFO(answer.errors);
    CHECK(answer.status == 143);
    CHECK_THAT(answer.output, Contains("unknown of 2,000"));
    auto const kept = scene.failed_bodies("unknown");
    CHECK(kept.size() > 0);
    std::set<std::string> all(kept.begin(), kept.end());
    CHECK(all.size() == kept.size());
    for (auto const& body : test::take_all(scene.cluster, scene.queue.name()).bodies()) {
        arrived.push_back(body);
    }
    CHECK(arrived.size() + kept.size() >= k_lines); // the last may have arrived though their confirms did not
    all.insert(arrived.begin(), arrived.end());
    CHECK(all.size() == k_lines);
}
