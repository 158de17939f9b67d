#include "config/settings.hpp"

#include "base/error.hpp"
#include "base/units.hpp"
#include "config/uri.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace rmqha::config {

using base::Error;
using base::ExitCode;
using base::milliseconds;

namespace {

constexpr milliseconds k_shortest{1};
constexpr milliseconds k_longest = std::chrono::hours(24 * 1000);      // as far as base::parse_duration goes
constexpr milliseconds k_most_heartbeat = std::chrono::seconds(65535); // two octets on the wire, AMQP 0-9-1
constexpr std::size_t k_most_short_string = 255;                       // a vhost's name travels as one, AMQP 0-9-1

constexpr std::array k_implying_tls{"cacert", "cert", "key", "server_name", "insecure"};

/// The word that counts, and where it was said.
struct Value {
    std::vector<std::string> texts;
    std::string place;
    SourceKind kind = SourceKind::flag;
    std::size_t rank = 0; ///< of its source: 0 is the strongest

    std::string const& text() const { return texts.back(); } // a flag given twice: the last one counts
    [[noreturn]] void refuse(std::string const& reason, std::string hint = {}) const
    {
        throw Error(kind == SourceKind::file ? ExitCode::config : ExitCode::usage, place + ": " + reason,
                    std::move(hint));
    }
};

/// All sources laid over each other.
class Merged {
public:
    explicit Merged(std::vector<Source> const& sources) : m_users(sources.size())
    {
        for (std::size_t rank = 0; rank < sources.size(); ++rank) {
            bool const nodes_known = find("node") != nullptr;
            for (auto const& [name, texts] : sources[rank].values) {
                if (!texts.empty() && name != "uri" && (name != "node" || !nodes_known)) {
                    add(name, {texts, place(sources[rank], name), sources[rank].kind, rank});
                }
            }
            if (sources[rank].values.contains("uri") && !nodes_known) {
                add_uris(sources[rank], rank);
            }
        }
    }

    Value const* find(std::string const& name) const
    {
        auto const found = m_values.find(name);
        return found == m_values.end() ? nullptr : &found->second;
    }
    std::map<std::string, Value> const& values() const { return m_values; }

    /// The strongest source's way to the password, if it was given for the user who logs in.
    Value const* password(std::string& name) const
    {
        Value const* strongest = nullptr;
        for (auto const* const way : {"password_file", "password_command", "uri_password"}) {
            auto const* const value = find(way);
            if (value == nullptr || (strongest != nullptr && value->rank > strongest->rank)) {
                continue;
            }
            if (strongest != nullptr && value->rank == strongest->rank) {
                value->refuse("cannot be given together with " + strongest->place, "Give one of them.");
            }
            strongest = value;
            name = way;
        }
        auto const* const user = find("user");
        bool const of_another = strongest != nullptr && user != nullptr && !m_users[strongest->rank].empty() &&
                                m_users[strongest->rank] != user->text();
        return of_another ? nullptr : strongest;
    }

    /// Whether TLS is on: as said, or because an option that needs it comes from a stronger source.
    bool tls() const
    {
        auto const* const said = find("tls");
        bool const implied = std::ranges::any_of(k_implying_tls, [&](auto const* name) {
            auto const* const value = find(name);
            return value != nullptr && value->text() != "false" && (said == nullptr || value->rank < said->rank);
        });
        return implied || (said != nullptr && toggle(*said));
    }

    static bool toggle(Value const& value)
    {
        if (value.text() != "true" && value.text() != "false") {
            value.refuse(fmt::format("\"{}\" is neither true nor false", value.text()));
        }
        return value.text() == "true";
    }

private:
    void add(std::string const& name, Value value)
    {
        if (name == "user") {
            auto& user = m_users[value.rank];
            user = user.empty() ? value.text() : user;
        }
        m_values.emplace(name, std::move(value));
    }

    void add_uris(Source const& source, std::size_t rank)
    {
        Value const uri{source.values.at("uri"), place(source, "uri"), source.kind, rank};
        Values parts;
        try {
            parts = parse_uris(uri.texts);
        } catch (Error const& error) {
            uri.refuse(error.what(), error.hint());
        }
        bool const password_known = find("password_file") != nullptr || find("password_command") != nullptr;
        auto const* const user = find("user");
        bool const of_another = user != nullptr && parts.contains("user") && parts.at("user").back() != user->text();
        bool const tls_known =
            std::ranges::any_of(k_implying_tls, [&](auto const* name) { return find(name) != nullptr; });
        for (auto const& [name, texts] : parts) {
            if (name == "node" && find("node") != nullptr) {
                auto& nodes = m_values.at("node").texts;
                nodes.insert(nodes.end(), texts.begin(), texts.end());
            } else if (!(name == "uri_password" && (password_known || of_another)) &&
                       !(name == "tls" && texts.front() == "false" && tls_known)) {
                add(name, {texts, name == "node" ? uri.place : uri.place + ", " + name, source.kind, rank});
            }
        }
    }

    std::map<std::string, Value> m_values;
    std::vector<std::string> m_users; ///< by rank; empty when the source names none
};

/// Reads typed values over the defaults already in place.
class Reader {
public:
    explicit Reader(Merged const& merged) : m_merged(merged) {}

    void text(std::string const& name, std::string& into) const
    {
        if (auto const* const value = m_merged.find(name)) {
            if (value->text().empty()) {
                value->refuse("must not be empty");
            }
            into = value->text();
        }
    }

    template <typename Number>
    void number(std::string const& name, Number& into, std::int64_t low, std::int64_t high) const
    {
        if (auto const* const value = m_merged.find(name)) {
            auto const read = base::parse_integer(value->text(), low, high);
            if (!read) {
                value->refuse(fmt::format("\"{}\" is not a number from {} to {}", value->text(), low, high));
            }
            into = static_cast<Number>(*read);
        }
    }

    void levels(std::string const& name, Levels& into, LevelRange range) const
    {
        if (auto const* const value = m_merged.find(name)) {
            auto const read = parse_levels(value->text(), range);
            if (!read) {
                value->refuse(fmt::format("\"{}\" is not {}", value->text(), levels_wanted(range)));
            }
            into = *read;
        }
    }

    template <typename Into>
    void duration(std::string const& name, Into& into, milliseconds low, milliseconds high) const
    {
        if (auto const* const value = m_merged.find(name)) {
            auto const read = base::parse_duration(value->text());
            if (!read) {
                value->refuse(fmt::format("\"{}\" is not a duration", value->text()),
                              "Durations are written 250ms, 3s, 5m, 2h or 1d.");
            }
            if (*read < low || *read > high) {
                value->refuse(fmt::format("\"{}\" is not between {} and {}", value->text(),
                                          low.count() == 0 ? "0s" : fmt::format("{}ms", low.count()),
                                          fmt::format("{}s", high.count() / 1000)));
            }
            into = *read;
        }
    }

private:
    Merged const& m_merged;
};

/// RMQHA_NODE="a b:5673,weight=2": a variable holds several nodes apart by blanks, commas being taken.
std::vector<std::string> node_texts(Value const& value)
{
    if (value.kind != SourceKind::environment) {
        return value.texts;
    }
    std::vector<std::string> words;
    for (auto const& text : value.texts) {
        std::istringstream stream(text);
        for (std::string word; stream >> word;) {
            words.push_back(word);
        }
    }
    return words;
}

std::vector<Node> nodes_of(Value const* value, bool tls)
{
    std::vector<Node> nodes;
    if (value == nullptr) {
        nodes.push_back({.host = "localhost", .port = 0, .name = {}});
    } else {
        auto const texts = node_texts(*value);
        if (texts.empty()) {
            value->refuse("names no node");
        }
        for (auto const& text : texts) {
            try {
                nodes.push_back(parse_node(text));
            } catch (Error const& error) {
                value->refuse(error.what(), error.hint());
            }
        }
    }
    for (auto node = nodes.begin(); node != nodes.end(); ++node) {
        auto const or_default = [](std::uint16_t& port, std::uint16_t normal) { port = port == 0 ? normal : port; };
        or_default(node->port, tls ? 5671 : 5672);
        or_default(node->management_port, tls ? 15671 : 15672);
        or_default(node->prometheus_port, tls ? 15691 : 15692);
        auto const same = [&](Node const& other) { return other.host == node->host && other.port == node->port; };
        if (std::any_of(nodes.begin(), node, same)) {
            value->refuse(fmt::format("node {} is named twice", label(*node)), "Name every node once.");
        }
    }
    return nodes;
}

void read_tls(Merged const& merged, Reader const& read, base::TlsOptions& tls)
{
    tls.enabled = merged.tls();
    read.text("cacert", tls.cacert);
    read.text("cert", tls.cert);
    read.text("key", tls.key);
    read.text("server_name", tls.server_name);
    if (auto const* const insecure = merged.find("insecure")) {
        tls.insecure = Merged::toggle(*insecure);
    }
    if (!tls.key.empty() && tls.cert.empty()) {
        merged.find("key")->refuse("a key is of no use without its certificate", "Give the certificate with --cert.");
    }
}

void read_thresholds(Reader const& read, Thresholds& thresholds)
{
    read.number("thresholds.cluster_health_min", thresholds.cluster_health_min, 0, 100);
    read.levels("thresholds.queue_backlog_max", thresholds.queue_backlog_max, k_count_levels);
    read.levels("thresholds.memory_usage_max", thresholds.memory_usage_max, k_percent_levels);
    read.levels("thresholds.disk_usage_max", thresholds.disk_usage_max, k_percent_levels);
    read.duration("thresholds.mirror_sync_delay_max", thresholds.mirror_sync_delay_max, milliseconds(0), k_longest);
}

void read_login(Merged const& merged, Reader const& read, Settings& settings)
{
    read.text("user", settings.user);
    std::string way;
    auto const* const password = merged.password(way);
    if (password != nullptr) {
        if (password->text().empty() && way != "uri_password") { // a URI may well say that it is empty
            password->refuse("must not be empty");
        }
        (way == "password_file"      ? settings.password_file
         : way == "password_command" ? settings.password_command
                                     : settings.uri_password) = password->text();
    }
    settings.login_given = password != nullptr || merged.find("user") != nullptr;
}

} // namespace

std::string place(Source const& source, std::string const& name)
{
    switch (source.kind) {
    case SourceKind::flag:
        return flag_name(name);
    case SourceKind::environment:
        return source.origin.empty() ? variable_name(name) : source.origin;
    case SourceKind::file:
        break;
    }
    auto const line = source.lines.find(name);
    return line == source.lines.end() ? fmt::format("{}: {}", source.origin, name)
                                      : fmt::format("{}:{}: {}", source.origin, line->second, name);
}

Settings resolve(std::vector<Source> const& sources)
{
    Merged const merged(sources);
    Reader const read(merged);
    Settings settings;
    read_tls(merged, read, settings.tls);
    settings.nodes = nodes_of(merged.find("node"), settings.tls.enabled);
    read_login(merged, read, settings);
    read.text("vhost", settings.vhost);
    if (settings.vhost.size() > k_most_short_string) {
        merged.find("vhost")->refuse(fmt::format("longer than {} bytes", k_most_short_string));
    }
    if (auto const* const strategy = merged.find("strategy")) {
        try {
            settings.strategy = parse_strategy(strategy->text());
        } catch (Error const& error) {
            strategy->refuse(error.what(), error.hint());
        }
    }
    read.number("connection_attempts", settings.connection_attempts, 0, 1'000'000);
    read.duration("retry_delay", settings.retry_delay, k_shortest, std::chrono::hours(1));
    read.duration("heartbeat", settings.heartbeat, milliseconds(0), k_most_heartbeat);
    read.duration("connection_timeout", settings.connection_timeout, k_shortest, std::chrono::hours(1));
    read.duration("blocked_timeout", settings.blocked_timeout, k_shortest, k_longest);
    read.duration("deadline", settings.deadline, k_shortest, k_longest);
    read_thresholds(read, settings.thresholds);
    for (auto const& [name, value] : merged.values()) {
        constexpr std::string_view k_runner = "runner.";
        if (name.starts_with(k_runner)) {
            settings.runner.emplace(name.substr(k_runner.size()), value.text());
        }
    }
    return settings;
}

} // namespace rmqha::config
