#include "management/request.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using namespace rmqha::management;

namespace {

config::Node node_at(std::string const& host)
{
    config::Node node;
    node.host = host;
    node.management_port = 15672;
    node.prometheus_port = 15692;
    return node;
}

} // namespace

TEST_CASE("names are percent-encoded as one segment")
{
    CHECK(percent_encoded("/") == "%2F");
    CHECK(percent_encoded("a-b_c.d~1") == "a-b_c.d~1");
    CHECK(percent_encoded("x y%z?\xC3\xA9") == "x%20y%25z%3F%C3%A9");
}

TEST_CASE("management requests carry credentials, metrics requests do not")
{
    Access access;
    access.credentials = {.user = "ops", .password = "secret"};
    auto const api = get(node_at("rabbit1"), access, path::k_whoami);
    CHECK(api.url == "http://rabbit1:15672/api/whoami");
    CHECK(api.credentials.user == "ops");
    auto const metrics = get_metrics(node_at("rabbit1"), access, path::k_metrics);
    CHECK(metrics.url == "http://rabbit1:15692/metrics");
    CHECK(metrics.credentials.user.empty());
    CHECK(metrics.credentials.password.empty());
}

TEST_CASE("TLS turns the API and metrics to https, but not the plain port of metrics; IPv6 gets brackets")
{
    Access access;
    access.tls.enabled = true;
    config::Node node = node_at("::1");
    CHECK(get(node, access, path::k_whoami).url == "https://[::1]:15672/api/whoami");
    CHECK(get_metrics(node, access, path::k_metrics).url == "http://[::1]:15692/metrics");
    node.prometheus_port = 15691;
    CHECK(get_metrics(node, access, path::k_metrics).url == "https://[::1]:15691/metrics");
    CHECK(get_metrics(node, {}, path::k_metrics).url == "https://[::1]:15691/metrics");
    node.prometheus_port = 9;
    CHECK(get_metrics(node, access, path::k_metrics).url == "https://[::1]:9/metrics");
    CHECK(get_metrics(node, {}, path::k_metrics).url == "http://[::1]:9/metrics");
}
