#include "management/users.hpp"

#include "base/units.hpp"
#include "management/fields.hpp"

#include <nlohmann/json.hpp>

namespace rmqha::management {
namespace {

using nlohmann::json;

json const& object_in(json const& item, char const* key)
{
    static json const nothing = json::object();
    json const* const found = member(item, key);
    return found != nullptr ? *found : nothing;
}

} // namespace

Answer<std::vector<User>> read_users(http::Result const& result)
{
    return list_of<User>(result, [](json const& item) {
        return User{.name = text(item, "name"),
                    .tags = tags(item),
                    .password_hash = text(item, "password_hash"),
                    .hashing = text(item, "hashing_algorithm")};
    });
}

Answer<std::vector<ClientConnection>> read_connections(http::Result const& result)
{
    return list_of<ClientConnection>(result, [](json const& item) {
        auto const& properties = object_in(item, "client_properties");
        return ClientConnection{.name = text(item, "name"),
                                .given_name = text(properties, "connection_name"),
                                .product = text(properties, "product"),
                                .node = text(item, "node"),
                                .user = text(item, "user"),
                                .protocol = text(item, "protocol"),
                                .timeout = number(item, "timeout")};
    });
}

Answer<std::vector<Consumer>> read_consumers(http::Result const& result)
{
    return list_of<Consumer>(result, [](json const& item) {
        auto const& queue = object_in(item, "queue");
        auto const& channel = object_in(item, "channel_details");
        return Consumer{.vhost = text(queue, "vhost"),
                        .queue = text(queue, "name"),
                        .user = text(channel, "user"),
                        .channel = text(channel, "name"),
                        .prefetch = number(item, "prefetch_count")};
    });
}

Answer<std::vector<ChannelPrefetch>> read_channels(http::Result const& result)
{
    return list_of<ChannelPrefetch>(result, [](json const& item) {
        return ChannelPrefetch{.name = text(item, "name"), .global = number(item, "global_prefetch_count")};
    });
}

Answer<std::vector<Listener>> read_listeners(http::Result const& result)
{
    auto overview = read_overview(result);
    if (auto const* const problem = problem_of(overview)) {
        return *problem;
    }
    auto listeners = std::get<Overview>(overview).listeners;
    if (listeners.empty()) { // it listens somewhere: we have just asked it
        return Problem{Problem::Kind::not_supported, "this broker does not tell its listeners"};
    }
    return listeners;
}

Answer<std::vector<Listener>> read_web_addresses(http::Result const& result)
{
    std::vector<Listener> found;
    auto const look = [&found](json const& node) {
        json const* const contexts = member(node, "contexts");
        if (contexts == nullptr || !contexts->is_array()) {
            return;
        }
        for (auto const& context : *contexts) {
            auto const shown = text(context, "port"); // "15672"; a number in some versions
            auto const port = shown.empty()
                                  ? number(context, "port").value_or(0)
                                  : static_cast<std::uint64_t>(base::parse_integer(shown, 0, 65535).value_or(0));
            if (auto address = text(context, "ip"); !address.empty()) {
                found.push_back({.node = text(node, "name"),
                                 .protocol = "http",
                                 .port = static_cast<std::uint16_t>(port),
                                 .address = std::move(address)});
            }
        }
    };
    if (auto problem = for_each_item(result, look)) {
        return *problem;
    }
    return found;
}

std::vector<Listener> corrected(std::vector<Listener> listeners, std::vector<Listener> const& web)
{
    for (auto& listener : listeners) {
        for (auto const& told : web) {
            if (told.node == listener.node && told.port == listener.port) {
                listener.address = told.address;
            }
        }
    }
    return listeners;
}

} // namespace rmqha::management
