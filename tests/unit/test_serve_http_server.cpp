#include "base/error.hpp"
#include "base/stop.hpp"
#include "http/transport.hpp"
#include "serve/endpoint.hpp"
#include "serve/http_server.hpp"
#include "support/catch.hpp"
#include "support/tcp_client.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_server.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

using namespace rmqha;
using Catch::Contains;

namespace {

serve::Response echo(serve::Request const& request)
{
    return {.status = 201,
            .body = request.method + " " + request.path + " " + request.authorization,
            .headers = {{"X-Test", "yes"}}};
}

struct Server {
    explicit Server(serve::ServerTls const* tls = nullptr)
        : listener(serve::listen_at({"127.0.0.1", 0})), server(std::move(listener.socket), echo, tls)
    {
    }
    std::string ask(std::string const& request) const
    {
        return test::ask_tcp(listener.endpoint.port, request + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    }

    serve::Listener listener;
    serve::HttpServer server;
};

std::string content(std::filesystem::path const& file)
{
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

http::Result get(std::string const& url, base::TlsOptions const& tls)
{
    base::Stop const never;
    auto const transport = http::make_curl_transport();
    return transport->perform({{.url = url, .tls = tls}}, std::chrono::steady_clock::now() + std::chrono::seconds(20),
                              never)[0];
}

} // namespace

TEST_CASE("requests reach the handler decoded, and its answer the client")
{
    Server const server;
    auto const answer = server.ask("GET /nodes/rabbit%40a%3A1?x=y");
    CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 201 Created\r\n"));
    CHECK_THAT(answer, Contains("\r\nX-Test: yes\r\n"));
    CHECK_THAT(answer, Contains("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
    CHECK_THAT(answer, Catch::EndsWith("\r\n\r\nGET /nodes/rabbit@a:1 "));
    CHECK_THAT(server.ask("GET / HTTP/1.1\r\nAuthorization: Bearer t\r\nX:"), Catch::EndsWith("GET / Bearer t"));
}

TEST_CASE("HEAD is GET without a body; what else there is reaches the handler too")
{
    Server const server;
    CHECK_THAT(server.ask("HEAD /x"), Contains("\r\nContent-Length: 8\r\n") && Catch::EndsWith("\r\n\r\n"));
    CHECK_THAT(server.ask("DELETE /x"), Catch::EndsWith("DELETE /x "));
    CHECK_THAT(test::ask_tcp(server.listener.endpoint.port,
                             "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"),
               Catch::EndsWith("POST /x "));
}

TEST_CASE("what is not HTTP is refused, and slow clients hold up nobody")
{
    Server const server;
    test::TcpClient const slow(server.listener.endpoint.port);
    slow.send("GET / HT");
    CHECK_THAT(test::ask_tcp(server.listener.endpoint.port, "\x16\x03\x01 nonsense\r\n\r\n"), !Contains("201"));
    CHECK_THAT(server.ask("GET /" + std::string(100'000, 'x')), Contains("HTTP/1.1 414 "));
    CHECK_THAT(server.ask("GET /"), Contains("201"));
}

TEST_CASE("HTTPS is served with the certificate given")
{
    test::TemporaryFolder const folder;
    test::Certificate const certificate({.name = "localhost", .alternative = "IP:127.0.0.1"});
    certificate.write(folder / "cert.pem");
    certificate.write_key(folder / "key.pem");
    serve::ServerTls const tls{content(folder / "cert.pem"), content(folder / "key.pem")};
    Server const server(&tls);
    auto const url = fmt::format("https://127.0.0.1:{}/x", server.listener.endpoint.port);
    auto const answer = get(url, {.enabled = true, .cacert = (folder / "cert.pem").string()});
    REQUIRE(std::holds_alternative<http::Response>(answer));
    CHECK(std::get<http::Response>(answer).body == "GET /x ");
    auto const unknown = get(url, {.enabled = true});
    REQUIRE(std::holds_alternative<http::Fault>(unknown));
    CHECK(std::get<http::Fault>(unknown).kind == http::FaultKind::tls);
}

TEST_CASE("a certificate and a key that do not belong together are refused at the start")
{
    test::TemporaryFolder const folder;
    test::Certificate({.name = "a"}).write(folder / "a.pem");
    test::Certificate({.name = "b"}).write_key(folder / "b.key");
    auto const try_with = [](serve::ServerTls const& tls) { Server const server(&tls); };
    CHECK_THROWS_WITH(try_with({content(folder / "a.pem"), content(folder / "b.key")}),
                      Contains("cannot serve over TLS: "));
    CHECK_THROWS_WITH(try_with({"", ""}), Contains("cannot serve over TLS: "));
    CHECK_THROWS_WITH(try_with({"nonsense", "nonsense"}), Contains("cannot serve over TLS: "));
}
