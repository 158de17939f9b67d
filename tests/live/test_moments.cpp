#include "base/file.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/running_rmqha.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <fstream>

using namespace rmqha;
using namespace std::chrono_literals;
using nlohmann::json;
using Words = std::vector<std::string>;

namespace {

struct Scene {
    test::LiveCluster cluster;
    test::TemporaryFolder folder;
    std::string file = (folder / "moments.ndjson").string();

    base::Finished monitor(Words arguments) const
    {
        arguments.insert(arguments.begin(), {"--context", cluster.name(), "monitor"});
        return test::run_rmqha(arguments);
    }
    void record() const
    {
        base::Finished answer;
        bool const whole = test::wait_until(3min, [&] { // one that has all there is to tell
            answer = monitor({"record", "--count", "1"});
            return answer.status == 0 && answer.output.find("\"state\":\"OK\"") != std::string::npos;
        });
        INFO(answer.output << answer.errors);
        REQUIRE(whole);
        std::ofstream(file, std::ios::app) << answer.output;
    }
    /// The changes of `what` at `object` since the moment meant.
    std::vector<json> changes(std::string const& what, std::string const& object,
                              std::string const& from = "first") const
    {
        base::Finished answer;
        bool const whole = test::wait_until(3min, [&] { // a look may miss something, and says so
            answer = monitor({"diff", file, "--from", from, "--format", "json"});
            return answer.status == 0 || answer.status == 1;
        });
        INFO(answer.errors);
        REQUIRE(whole);
        std::vector<json> found;
        auto const told = json::parse(answer.output);
        std::copy_if(told.at("changes").begin(), told.at("changes").end(), std::back_inserter(found),
                     [&](json const& change) {
                         return change.at("what") == what &&
                                change.at("object").get<std::string>().find(object) != std::string::npos;
                     });
        return found;
    }
    bool comes(std::string const& what, std::string const& object) const
    {
        return test::wait_until(2min, [&] { return !changes(what, object).empty(); });
    }
    bool goes(std::string const& what, std::string const& object) const
    {
        return test::wait_until(2min, [&] { return changes(what, object).empty(); });
    }
    void declare(std::string const& name)
    {
        REQUIRE(cluster
                    .manage(2, "PUT", "/api/queues/%2F/" + name,
                            R"({"durable":true,"arguments":{"x-queue-type":"quorum"}})")
                    .status == 201);
    }
};

std::size_t lines_of(std::string const& text)
{
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

TEST_CASE("a diff tells queues and policies that came and went", "[live]")
{
    Scene scene;
    test::TemporaryQueue const queue(scene.cluster, "moment");
    scene.record();
    scene.declare(queue.name());
    auto const body = fmt::format(R"({{"pattern":"^{}","definition":{{"max-length":5}}}})", queue.name());
    REQUIRE(scene.cluster.manage(1, "PUT", "/api/policies/%2F/moment", body).status == 201);
    REQUIRE(scene.cluster.manage(1, "PUT", "/api/operator-policies/%2F/moment", body).status == 201);
    REQUIRE(scene.comes("queue", queue.name()));
    CHECK(scene.changes("queue", queue.name()).front().at("after") == "quorum");
    REQUIRE(scene.comes("policy", "policy \"moment\""));
    CHECK(scene.changes("policy", "policy \"moment\"").size() == 2);
    scene.record();
    scene.cluster.manage(1, "DELETE", "/api/policies/%2F/moment");
    scene.cluster.manage(1, "DELETE", "/api/operator-policies/%2F/moment");
    scene.cluster.manage(1, "DELETE", "/api/queues/%2F/" + queue.name());
    CHECK(scene.goes("queue", queue.name()));
    CHECK(scene.goes("policy", "policy \"moment\""));
    CHECK(scene.changes("queue", queue.name(), "last").front().at("after").is_null());

    // Within the file; and a page of status has no queues to compare.
    auto const within = scene.monitor({"diff", scene.file, "--to", "last"});
    CHECK(within.status == 1);
    CHECK_THAT(within.output, Catch::Contains("+ queue \"" + queue.name() + "\" in vhost \"/\": quorum\n"));
    auto const page = (scene.folder / "page.json").string();
    std::ofstream(page) << scene.monitor({"status", "--format", "json"}).output;
    auto const compared = scene.monitor({"diff", scene.file, page});
    INFO(compared.output << compared.errors);
    CHECK((compared.status == 1 || compared.status == 3));
    CHECK_THAT(compared.output, Catch::Contains("? not compared: queues: not told at the second moment"));
}

TEST_CASE("a recording has a whole line for each moment, also when it was interrupted", "[live]")
{
    Scene const scene;
    {
        test::RunningRmqha recorder(
            {"--context", scene.cluster.name(), "monitor", "record", "--interval", "100ms", "--output", scene.file},
            scene.folder.path());
        auto const lines = [&] { return lines_of(base::read_file(scene.file).value_or("")); };
        REQUIRE(test::wait_until(3min, [&] { return lines() >= 3; }));
        recorder.signal(SIGINT);
        CHECK(recorder.wait(3min) == 130);
    }
    auto const text = base::read_file(scene.file).value_or("");
    CHECK(text.ends_with("\n"));
    std::ofstream(scene.file, std::ios::app) << text.substr(0, text.find('\n') / 2); // a crash
    auto const answer = scene.monitor({"record", "--count", "2", "--interval", "1ms", "--output", scene.file});
    CHECK(answer.status == 0);
    CHECK(answer.output.empty());
    auto const diff = scene.monitor({"diff", scene.file, "--from", "-2", "--to", "-1"});
    INFO(diff.output);
    CHECK(diff.status == 0);
    CHECK_THAT(diff.errors, Catch::Contains("passed over 1 damaged line"));

    auto const to_stdout = scene.monitor({"record", "--interval", "1ms", "--count", "2", "--no-queues"});
    CHECK(lines_of(to_stdout.output) == 2);
    CHECK(json::parse(to_stdout.output.substr(0, to_stdout.output.find('\n'))).at("queues").is_null());
    CHECK(lines_of(scene.monitor({"record", "--interval", "10m", "--duration", "1ms"}).output) == 1);
}

TEST_CASE("a diff tells what a dead node changed, and that it is back", "[cluster]")
{
    Scene scene;
    test::TemporaryQueue const queue(scene.cluster, "moment");
    scene.declare(queue.name()); // led by the second node
    auto const& node = scene.cluster.node(2);
    auto const name = node.name.empty() ? std::string("rabbit2@") : node.name;
    REQUIRE(test::wait_until(3min, [&] {
        auto const answer = scene.monitor({"record", "--count", "1"});
        auto const moment = json::parse(answer.output);
        return moment.at("state") == "OK" && answer.output.find(queue.name()) != std::string::npos;
    }));
    scene.record();
    scene.cluster.kill(2);
    REQUIRE(scene.comes("node", name));
    CHECK(scene.changes("node", name).front().at("before") == "running");
    CHECK(scene.comes("finding", "NODE-DOWN " + name));
    CHECK(scene.comes("leader", queue.name()));
    scene.cluster.restart(2);
    CHECK(scene.goes("node", name));
    CHECK(scene.goes("finding", "NODE-DOWN"));
}
