#include "config/uri.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"
#include "base/units.hpp"
#include "config/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace rmqha::config {

using base::Error;
using base::ExitCode;

namespace {

constexpr std::string_view k_plain = "amqp://";
constexpr std::string_view k_secure = "amqps://";

std::vector<std::string> const& query_keys()
{
    static std::vector<std::string> const keys{
        "heartbeat", "connection_timeout", "cacertfile", "certfile", "keyfile", "verify", "server_name_indication"};
    return keys;
}

[[noreturn]] void refuse(std::string const& message, std::string hint = {})
{
    throw Error(ExitCode::usage, message, std::move(hint));
}

/// The part of a URI in clear. `what` names it; the part itself is not quoted, for it may be a password.
std::string decoded(std::string_view text, std::string_view what)
{
    std::string clear;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            clear += text[i];
            continue;
        }
        unsigned value = 0;
        auto const* const from = text.data() + i + 1;
        if (i + 2 >= text.size() || std::from_chars(from, from + 2, value, 16).ptr != from + 2) {
            refuse(fmt::format("{}: a % that no two hexadecimal digits follow", what), "Write a percent sign as %25.");
        }
        clear += static_cast<char>(value);
        i += 2;
    }
    return clear;
}

/// Splits at commas that a new URI follows; a password may hold other commas.
void split_into(std::vector<std::string_view>& uris, std::string_view text)
{
    std::size_t from = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto rest = text.substr(at + 1);
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t\n"), rest.size()));
        if (text[at] == ',' && (rest.empty() || rest.starts_with(k_plain) || rest.starts_with(k_secure))) {
            uris.push_back(text.substr(from, at - from));
            from = text.size() - rest.size();
        }
    }
    if (from < text.size()) {
        uris.push_back(text.substr(from));
    }
}

class Parser {
public:
    explicit Parser(std::string_view uri) : m_uri(uri) {}

    Values parse()
    {
        m_secure = m_uri.starts_with(k_secure);
        if (!m_secure && !m_uri.starts_with(k_plain)) {
            refuse(m_uri.find("://") == std::string_view::npos ? "not a URI" : "not an AMQP URI",
                   "Write amqp://host:port/vhost, or amqps:// for TLS.");
        }
        m_values["tls"] = {m_secure ? "true" : "false"};
        auto rest = m_uri.substr(m_secure ? k_secure.size() : k_plain.size());
        auto const query = rest.find('?');
        auto const slash = rest.substr(0, query).find('/');
        read_authority(rest.substr(0, std::min(slash, query)));
        if (slash != std::string_view::npos) {
            read_vhost(rest.substr(slash + 1, query == std::string_view::npos ? query : query - slash - 1));
        }
        if (query != std::string_view::npos) {
            read_query(rest.substr(query + 1));
        }
        return std::move(m_values);
    }

private:
    void read_authority(std::string_view authority)
    {
        auto const at = authority.rfind('@');
        if (at != std::string_view::npos) {
            auto const login = authority.substr(0, at);
            auto const colon = login.find(':');
            if (colon == 0 || login.empty()) {
                refuse("no user before the password", "Write amqp://user@host, and give the password another way.");
            }
            m_values["user"] = {decoded(login.substr(0, colon), "user")};
            if (colon != std::string_view::npos) {
                m_values["uri_password"] = {decoded(login.substr(colon + 1), "password")};
            }
            authority.remove_prefix(at + 1);
        }
        read_node(authority, at == std::string_view::npos);
    }

    /// Without an @ before it, what looks like host:port may be user:password, cut short by a / or ? in the password
    /// or without a host: it is not quoted then.
    void read_node(std::string_view authority, bool alone)
    {
        auto host = decoded(authority, "host");
        host = host.empty() || host.front() == ':' ? "localhost" + host : host;
        if (host.find(',') != std::string::npos) {
            refuse("a comma in the host", "Write every node as a URI of its own: amqp://a,amqp://b.");
        }
        try {
            m_values["node"] = {to_text(parse_node(host))};
        } catch (Error const& error) {
            if (alone && host.find(':') != std::string::npos && host.front() != '[') {
                refuse("what follows the host's colon is not a port from 1 to 65535",
                       "Write amqp://user:password@host:port; in user and password, / is %2F, ? is %3F and @ is %40.");
            }
            throw;
        }
    }

    void read_vhost(std::string_view path)
    {
        if (path.empty()) {
            refuse("it ends in a slash, which names the vhost \"\"",
                   "Leave the slash out for the default vhost, or write it as %2F.");
        }
        if (path.find('/') != std::string_view::npos) {
            refuse(fmt::format("more than one vhost in the path \"/{}\"", path), "Write a slash in a vhost as %2F.");
        }
        m_values["vhost"] = {decoded(path, "vhost")};
    }

    void read_query(std::string_view query)
    {
        while (!query.empty()) {
            auto const pair = query.substr(0, query.find('&'));
            query.remove_prefix(std::min(pair.size() + 1, query.size()));
            auto const equals = pair.find('=');
            auto const key = pair.substr(0, equals);
            if (std::ranges::find(query_keys(), key) == query_keys().end()) {
                refuse(fmt::format("unknown parameter \"{}\"", key),
                       fmt::format("The parameters are {}.{}", fmt::join(query_keys(), ", "),
                                   base::did_you_mean(key, query_keys())));
            }
            auto const value = equals == std::string_view::npos ? std::string() : decoded(pair.substr(equals + 1), key);
            if (value.empty()) {
                refuse(fmt::format("parameter \"{}\" has no value", key));
            }
            read_parameter(key, value);
        }
    }

    void read_parameter(std::string_view key, std::string const& value)
    {
        if (key == "heartbeat" || key == "connection_timeout") {
            if (!base::parse_integer(value, 0, 1'000'000'000)) {
                refuse(fmt::format("{} \"{}\": not a whole number of {}", key, value,
                                   key == "heartbeat" ? "seconds" : "milliseconds"));
            }
            m_values[std::string(key)] = {value + (key == "heartbeat" ? "s" : "ms")};
            return;
        }
        if (!m_secure) {
            refuse(fmt::format("parameter \"{}\" is for TLS only", key), "Write amqps:// for TLS.");
        }
        if (key == "verify") {
            if (value != "verify_none" && value != "verify_peer") {
                refuse(fmt::format("verify \"{}\": neither verify_none nor verify_peer", value));
            }
            m_values["insecure"] = {value == "verify_none" ? "true" : "false"};
        } else {
            m_values[key == "cacertfile" ? "cacert"
                     : key == "certfile" ? "cert"
                     : key == "keyfile"  ? "key"
                                         : "server_name"] = {value};
        }
    }

    std::string_view m_uri;
    bool m_secure = false;
    Values m_values;
};

} // namespace

Values parse_uris(std::vector<std::string> const& texts)
{
    std::vector<std::string_view> uris;
    for (auto const& text : texts) {
        split_into(uris, text);
    }
    if (uris.empty()) {
        refuse("not a URI", "Write amqp://host:port/vhost, or amqps:// for TLS.");
    }
    std::vector<std::string> nodes;
    Values shared;
    for (auto const uri : uris) {
        Values parts;
        try {
            parts = Parser(uri).parse();
        } catch (Error const& error) {
            throw Error(ExitCode::usage, fmt::format("\"{}\": {}", redacted(uri), error.what()), error.hint());
        }
        nodes.push_back(parts.extract("node").mapped().front());
        if (nodes.size() > 1 && parts != shared) {
            refuse(
                fmt::format("\"{}\" differs from \"{}\" in more than the node", redacted(uri), redacted(uris.front())),
                "All nodes share user, password, vhost and parameters; repeat them in every URI.");
        }
        shared = std::move(parts);
    }
    shared["node"] = std::move(nodes);
    return shared;
}

std::string redacted(std::string_view uri)
{
    auto const scheme = uri.find("://");
    auto const from = scheme == std::string_view::npos ? 0 : scheme + 3;
    auto const colon = uri.find(':', from);
    if (colon == std::string_view::npos || uri.substr(from).starts_with('[')) {
        return std::string(uri);
    }
    auto to = uri.rfind('@');
    if (to == std::string_view::npos) {
        // No login, or one whose host was forgotten: only a port is shown.
        to = std::min(uri.find_first_of("/?", colon), uri.size());
        auto const port = uri.substr(colon + 1, to - colon - 1);
        if (std::ranges::all_of(port, [](unsigned char c) { return std::isdigit(c) != 0; })) {
            return std::string(uri);
        }
    }
    return colon > to ? std::string(uri) : fmt::format("{}:***{}", uri.substr(0, colon), uri.substr(to));
}

std::string percent_encoded(std::string_view text)
{
    std::string encoded;
    for (char const c : text) {
        auto const octet = static_cast<unsigned char>(c);
        if (std::isalnum(octet) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", static_cast<unsigned>(octet));
        }
    }
    return encoded;
}

} // namespace rmqha::config
