#include "support/own_cluster.hpp"

#include "provision/manifest.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"

namespace rmqha::test {
namespace {

void run(std::vector<std::string> const& words)
{
    auto const done = run_rmqha(words);
    CAPTURE(words, done.output, done.errors);
    REQUIRE(done.status == 0);
}

} // namespace

OwnCluster::OwnCluster(provision::Server const& server, std::vector<std::string> const& options)
    : m_name(unique_name("own"))
{
    std::vector<std::string> words{"cluster", "up",     "--name", m_name,     "--nodes",
                                   "1",       "--wait", "10m",    "--server", server.home};
    if (!server.chroot.empty()) {
        words.insert(words.end(), {"--chroot", server.chroot});
    }
    words.insert(words.end(), options.begin(), options.end());
    run(words);
    m_cluster = provision::require_manifest(m_name);
}

OwnCluster::~OwnCluster()
{
    run_rmqha({"cluster", "down", "--name", m_name});
}

void OwnCluster::tool(std::vector<std::string> const& argv) const
{
    std::vector<std::string> words{"cluster", "ctl", "--name", m_name, "1", "--"};
    words.insert(words.end(), argv.begin(), argv.end());
    run(words);
}

void OwnCluster::restart() const
{
    run({"cluster", "restart", "--name", m_name, "1"});
}

} // namespace rmqha::test
