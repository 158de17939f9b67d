#include "base/file.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/running_rmqha.hpp"
#include "support/temporary_folder.hpp"

#include <nlohmann/json.hpp>
#include <signal.h>

using namespace rmqha;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

/// An alarm on node 1, which blocks publishers on all nodes; lifted at the end.
class Alarm {
public:
    Alarm(test::LiveCluster& cluster, bool disk) : m_cluster(cluster), m_disk(disk)
    {
        set(disk ? "100000GB" : "0.0001");
    }
    Alarm(Alarm const&) = delete;
    Alarm& operator=(Alarm const&) = delete;
    ~Alarm()
    {
        try {
            set(m_disk ? "50MB" : "0.6");
        } catch (std::exception const&) { // the tests after this one will say so
        }
    }

private:
    void set(std::string const& limit)
    {
        m_cluster.tool(1, {"rabbitmqctl", m_disk ? "set_disk_free_limit" : "set_vm_memory_high_watermark", limit});
    }

    test::LiveCluster& m_cluster;
    bool m_disk;
};

} // namespace

TEST_CASE("under an alarm a publish says so, ends at SIGINT, and gives up in time", "[cluster]")
{
    bool const disk = GENERATE(false, true);
    CAPTURE(disk);
    test::LiveCluster cluster;
    test::TemporaryQueue const queue(cluster, "blocked");
    REQUIRE(test::run_rmqha({"--context", cluster.name(), "queue", "declare", queue.name()}).status == 0);
    test::TemporaryFolder const folder;
    std::vector<std::string> const publish = {"--context",  cluster.name(), "--format", "json",   "publish", "-r",
                                              queue.name(), "--repeat",     "1000000",  "--rate", "1000",    "x"};
    Alarm const alarm(cluster, disk);
    {
        test::RunningRmqha running(publish, folder.path());
        bool const told =
            test::wait_until(3min, [&] { return running.errors().find("blocks publishers") != std::string::npos; });
        INFO(running.errors());
        REQUIRE(told);
        CHECK_THAT(running.errors(), Contains(disk ? "low on disk" : "low on memory"));
        running.signal(SIGINT);
        CHECK(running.wait(30s) == 130); // the alarm, and the patience for it, last longer
        auto const ledger = nlohmann::json::parse(base::read_file(folder / "out").value());
        CHECK(ledger.at("read") == ledger.at("confirmed").get<int>() + ledger.at("unknown").get<int>());
        CHECK(ledger.at("blocked_ms") > 0);
    }
    auto impatient = publish;
    impatient.insert(impatient.begin(), {"--blocked-timeout", "500ms"});
    auto const answer = test::run_rmqha(impatient);
    CHECK(answer.status == 75);
    CHECK_THAT(answer.errors, Contains("the broker has blocked publishers for"));
    CHECK_THAT(answer.errors, Contains("--blocked-timeout"));
}
