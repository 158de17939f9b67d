#include "base/file.hpp"
#include "provision/manifest.hpp"
#include "support/brokers.hpp"
#include "support/catch.hpp"
#include "support/own_cluster.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_server.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace rmqha;
using Catch::Contains;
using test::Certificate;

namespace {

using Words = std::vector<std::string>;

/// A node of the test's own with TLS.
class TlsNode {
public:
    explicit TlsNode(provision::Server const& server) : m_node(server, {"--tls"}) {}

    std::string const& name() const { return m_node.name(); }
    std::string file(char const* which) const { return (m_node.cluster().folder / which).string(); }
    provision::NodePorts const& ports() const { return m_node.ports(); }

    /// `--node` and the options for TLS towards it; `host` is in its certificate.
    Words over_tls(std::string const& host = "localhost") const
    {
        return {"--node",
                fmt::format("{}:{},management={},prometheus={}", host, ports().amqp_tls, ports().management_tls,
                            ports().prometheus_tls),
                "--tls", "--cacert", file(provision::k_authority_file)};
    }
    Words password() const
    {
        return {"--user", provision::k_user, "--password-file", file(provision::k_password_file)};
    }
    Words certificate() const
    {
        return {"--cert", file(provision::k_client_certificate_file), "--key", file(provision::k_client_key_file)};
    }

    /// Certificate and key that the node's listeners show.
    struct Shown {
        std::string certificate;
        std::string key;
    };
    Shown shown() const
    {
        return {base::read_file(file(provision::k_node_certificate_file)).value(),
                base::read_file(file(provision::k_node_key_file)).value()};
    }
    void show(Certificate const& certificate) const
    {
        certificate.write(file(provision::k_node_certificate_file));
        certificate.write_key(file(provision::k_node_key_file));
        show(shown());
    }
    void show(Shown const& wanted) const
    {
        base::write_file(file(provision::k_node_certificate_file), wanted.certificate);
        base::write_file(file(provision::k_node_key_file), wanted.key);
        m_node.tool({"rabbitmqctl", "eval", "ssl:clear_pem_cache()."});
    }

    void restart_with(std::string const& settings) const
    {
        std::ofstream(file("rabbit1.conf"), std::ios::app) << settings;
        m_node.restart();
    }

private:
    test::OwnCluster m_node;
};

base::Finished run(Words const& command, std::vector<Words> const& more)
{
    auto words = command;
    words.insert(words.end(), {"--connection-attempts", "1", "--connection-timeout", "20s"});
    for (auto const& some : more) {
        words.insert(words.end(), some.begin(), some.end());
    }
    return test::run_rmqha(words);
}

void check_refused(base::Finished const& answer, int status, std::string const& reason)
{
    INFO(answer.output << answer.errors);
    CHECK(answer.status == status);
    CHECK_THAT(answer.errors, Contains(reason));
    CHECK_THAT(answer.errors, Contains("hint: "));
}

std::string encryption_of(base::Finished const& answer)
{
    INFO(answer.output << answer.errors);
    REQUIRE(answer.status == 0);
    return nlohmann::json::parse(answer.output).at("server").at("encryption");
}

/// The context, with the password; then the client's certificate alone.
void check_use(TlsNode const& node)
{
    auto const trusted = node.over_tls();
    Words const connect{"connect", "--format", "json"};
    CHECK_THAT(encryption_of(test::run_rmqha({"--context", node.name(), "connect", "--format", "json"})),
               Contains("TLSv1.3"));
    CHECK_THAT(encryption_of(run(connect, {trusted, node.certificate()})), Contains("TLSv1.3"));
    auto const status = test::run_rmqha({"--context", node.name(), "monitor", "status", "--format", "json"});
    INFO(status.output << status.errors);
    CHECK(status.status == 0);

    auto const queue = test::unique_name("tls");
    std::string const body(100'000, 'x'); // several TLS records
    CHECK(run({"queue", "declare", queue, "--type", "classic"}, {trusted, node.certificate()}).status == 0);
    CHECK(run({"publish", "-r", queue, body}, {trusted, node.certificate()}).status == 0);
    auto const consumed = run({"consume", queue, "-c", "1", "--no-separator"}, {trusted, node.certificate()});
    CHECK(consumed.status == 0);
    CHECK(consumed.output == body);
}

void check_clients(TlsNode const& node)
{
    auto const trusted = node.over_tls();
    check_refused(run({"connect"}, {trusted,
                                    {"--cert", node.file(provision::k_node_certificate_file), "--key",
                                     node.file(provision::k_node_key_file)}}),
                  77, "mechanism EXTERNAL");
    test::TemporaryFolder const folder;
    Certificate const stranger({.name = provision::k_user});
    stranger.write(folder / "stranger.pem");
    stranger.write_key(folder / "stranger-key.pem");
    Words const strange{"--cert", (folder / "stranger.pem").string(), "--key", (folder / "stranger-key.pem").string()};
    check_refused(run({"connect"}, {trusted, strange}), 76, "the server refused the TLS handshake");
    check_refused(run({"connect"}, {trusted,
                                    {"--cert", node.file(provision::k_client_certificate_file), "--key",
                                     node.file(provision::k_node_key_file)}}),
                  78, "does not belong to the certificate");
    check_refused(run({"policy", "list"}, {trusted, node.certificate()}), 77, "user or password refused");
    CHECK_THAT(run({"policy", "list"}, {trusted, node.certificate()}).errors,
               Contains("no login by client certificate"));
}

void check_node(TlsNode const& node)
{
    auto const trusted = node.over_tls();
    test::TemporaryFolder const folder;
    auto const untrusted = Words(trusted.begin(), trusted.begin() + 3);
    check_refused(run({"connect"}, {untrusted, node.password()}), 76, "is not trusted");
    check_refused(run({"policy", "list"}, {untrusted, node.password()}), 69, "not signed by a trusted authority");
    check_refused(run({"connect"}, {trusted, node.password(), {"--server-name", "other.example"}}), 76,
                  "is not for \"other.example\"");
    check_refused(run({"connect"}, {node.over_tls("127.0.0.2"), node.password()}), 69, "refused");
    auto const plain = [&](std::uint16_t port) { return Words{"--node", fmt::format("localhost:{}", port)}; };
    check_refused(run({"connect"}, {plain(node.ports().amqp_tls), node.password()}), 76, "speaks TLS on this port");
    check_refused(run({"connect"}, {plain(node.ports().amqp), node.password(), {"--tls"}}), 76,
                  "does not speak TLS on this port");

    Certificate const authority({.name = "another authority"});
    authority.write(folder / "ca.pem");
    Words const trusting_it{"--cacert", (folder / "ca.pem").string()};
    auto const node_alone = Words(trusted.begin(), trusted.begin() + 2);
    auto const ask = [&](char const* command) {
        auto words = command == std::string("connect") ? Words{"connect"} : Words{"policy", "list"};
        return run(words, {node_alone, {"--tls"}, trusting_it, node.password()});
    };
    node.show(Certificate({.name = "localhost", .alternative = "DNS:localhost", .by = &authority, .days_left = -1}));
    check_refused(ask("connect"), 76, "the server's certificate has expired");
    check_refused(ask("policy"), 69, "certificate has expired");
    node.show(Certificate({.name = "other", .alternative = "DNS:other.example", .by = &authority}));
    check_refused(ask("connect"), 76, "is not for \"localhost\"");
    check_refused(ask("policy"), 69, "certificate is for another host name");
    node.show(Certificate({.name = "localhost", .alternative = "DNS:localhost"}));
    check_refused(ask("connect"), 76, "not trusted: self");
    auto const unverified =
        run({"connect", "--format", "json"}, {node_alone, {"--tls", "--insecure"}, node.password()});
    CHECK_THAT(encryption_of(unverified), Contains("TLSv1"));
}

/// A certificate near its end, over AMQP and HTTPS; and the node's own again.
void check_expiry(TlsNode const& node)
{
    test::TemporaryFolder const folder;
    Certificate const authority({.name = "another authority"});
    authority.write(folder / "ca.pem");
    Words const reached{"--node", node.over_tls().at(1), "--tls", "--cacert"};
    auto const check = [&](std::string const& cacert) {
        return run({"monitor", "check", "certificates"}, {reached, {cacert}, node.password()});
    };
    auto const kept = node.shown();
    for (auto const& [days, status] : {std::pair(20, 1), std::pair(5, 2)}) {
        node.show(
            Certificate({.name = "localhost", .alternative = "DNS:localhost", .by = &authority, .days_left = days}));
        auto const near = check((folder / "ca.pem").string());
        INFO(near.output);
        CHECK(near.status == status);
        CHECK_THAT(near.output, Contains("CERTIFICATE-EXPIRES") &&
                                    Contains("the certificate for AMQP and the management API expires in"));
    }
    node.show(kept);
    auto const well = check(node.file(provision::k_authority_file));
    INFO(well.output);
    CHECK(well.status == 0);
}

/// Listeners of one version alone, that want a certificate of every client.
void check_versions(TlsNode const& node)
{
    for (auto const& version : {"1.2", "1.3"}) {
        CAPTURE(version);
        node.restart_with(
            fmt::format("ssl_options.versions.1 = tlsv{}\nssl_options.fail_if_no_peer_cert = true\n", version));
        CHECK_THAT(encryption_of(run({"connect", "--format", "json"}, {node.over_tls(), node.certificate()})),
                   Contains(fmt::format("TLSv{}", version)));
        auto const refused = run({"connect"}, {node.over_tls(), node.password()});
        check_refused(refused, 76, "refused the TLS handshake");
        CHECK_THAT(refused.errors, Contains("--cert"));
    }
}

} // namespace

TEST_CASE("everything works over TLS, and each way it can fail has its words", "[live]")
{
    TlsNode const node(test::LiveCluster().server()); // one for all: starting and restarting takes most of the time
    check_use(node);
    check_clients(node);
    auto const kept = node.shown();
    check_node(node);
    node.show(kept);
    check_expiry(node);
    check_versions(node);
}
