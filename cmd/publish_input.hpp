#pragma once

#include "base/clock.hpp"
#include "messaging/source.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace rmqha::cmd {

/// What `publish` sends, as the command line says it.
struct PublishInput {
    std::optional<std::string> body;
    std::string file;
    bool lines = false;
    bool null = false;
    bool ndjson = false;
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> repeat;
    std::string exchange;
    std::string routing_key;
    std::vector<std::string> headers;
    bool transient = false;
    std::string content_type, content_encoding, correlation_id, reply_to, message_id, type, user_id, app_id;
    std::optional<base::milliseconds> expiration;
    std::optional<std::uint8_t> priority;
    std::optional<std::uint64_t> timestamp;
};

/// Adds the options to `sub`; `input` must live as long as it does.
void add_publish_input(CLI::App& sub, PublishInput& input);

/// Throws base::Error: data for input that cannot be read, usage for headers and templates that cannot be.
std::unique_ptr<messaging::Source> make_source(PublishInput const& input, base::TimePoint deadline,
                                               base::Stop const& stop);

/// What a checkpoint is about besides the input's content, in words; a publish that differs in it is another.
std::map<std::string, std::string> target_of(PublishInput const& input, std::string const& vhost);

} // namespace rmqha::cmd
