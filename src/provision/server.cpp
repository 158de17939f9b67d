#include "provision/server.hpp"

#include "base/error.hpp"
#include "base/spelling.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <system_error>

namespace rmqha::provision {

namespace fs = std::filesystem;
using base::Error;
using base::ExitCode;

namespace {

std::vector<fs::path> entries_of(fs::path const& folder)
{
    std::error_code ignored; // a folder that cannot be read holds nothing for us
    std::vector<fs::path> entries;
    for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end; it.increment(ignored)) {
        entries.push_back(it->path());
    }
    return entries;
}

/// plugins/NAME-VERSION or NAME-VERSION.ez -> NAME and VERSION.
struct Plugin {
    std::string name;
    std::string version;
};

std::optional<Plugin> plugin_of(fs::path const& entry)
{
    auto const file = entry.extension() == ".ez" ? entry.stem().string() : entry.filename().string();
    auto const dash = file.find('-');
    if (dash == std::string::npos) {
        return std::nullopt;
    }
    return Plugin{file.substr(0, dash), file.substr(dash + 1)};
}

/// The version, when the folder is a server's.
std::optional<std::string> version_in(fs::path const& folder)
{
    if (::access((folder / "sbin/rabbitmq-server").c_str(), X_OK) != 0) {
        return std::nullopt;
    }
    for (auto const& entry : entries_of(folder / "plugins")) {
        if (auto const plugin = plugin_of(entry); plugin && plugin->name == "rabbit") {
            return plugin->version;
        }
    }
    return std::nullopt;
}

struct Found {
    fs::path home;
    std::string version;
};

void look_in(fs::path const& folder, std::vector<Found>& found)
{
    if (auto const version = version_in(folder)) {
        found.push_back({folder, *version});
    }
}

std::vector<Found> servers_below(fs::path const& prefix)
{
    std::vector<Found> found;
    look_in(prefix, found);
    for (auto const* const place : {"", "lib", "lib/rabbitmq/lib", "usr/lib/rabbitmq/lib"}) {
        for (auto const& entry : entries_of(prefix / place)) {
            if (entry.filename().string().starts_with("rabbitmq_server-")) {
                look_in(entry, found);
            }
        }
    }
    return found;
}

bool older(Found const& a, Found const& b)
{
    return ::strverscmp(a.version.c_str(), b.version.c_str()) < 0;
}

std::string system_hint()
{
    return "Install it (apt-get install rabbitmq-server; its service need not run), or name another one with --server.";
}

void check_chroot(std::string const& chroot)
{
    if (::geteuid() != 0) {
        throw Error(ExitCode::usage, "--chroot needs root",
                    "Run it as root, or use a server of this system (--server).");
    }
    if (!fs::is_directory(fs::path(chroot) / "usr")) {
        throw Error(ExitCode::usage, fmt::format("--chroot \"{}\": no system is in that folder", chroot),
                    "Name the folder that debootstrap made; scripts/brokers makes one.");
    }
}

} // namespace

Server find_server(ServerChoice const& choice)
{
    std::string root;
    if (!choice.chroot.empty()) {
        check_chroot(choice.chroot);
        root = fs::canonical(choice.chroot).string();
    }
    std::vector<Found> found;
    if (!choice.path.empty()) {
        found = servers_below(root.empty() ? fs::absolute(choice.path) : fs::path(root + "/" + choice.path));
    } else {
        for (auto const* const prefix : {"/usr", "/usr/local", "/opt", "/opt/rabbitmq"}) {
            std::ranges::move(servers_below(root + prefix), std::back_inserter(found));
        }
    }
    if (found.empty() && !choice.path.empty()) {
        throw Error(ExitCode::usage, fmt::format("--server \"{}\": no RabbitMQ server is in that folder", choice.path),
                    "Name the folder that holds sbin/rabbitmq-server and plugins/, or one above it.");
    }
    if (found.empty() && !root.empty()) {
        throw Error(ExitCode::unavailable, fmt::format("RabbitMQ is not installed in {}", root),
                    "Install its package there, or name its folder with --server.");
    }
    if (found.empty()) {
        throw Error(ExitCode::unavailable, "RabbitMQ is not installed", system_hint());
    }
    auto const newest = std::ranges::max_element(found, older);
    auto const home = newest->home.lexically_normal().string();
    return {root.empty() ? home : home.substr(root.size()), newest->version, root};
}

void check_plugins(Server const& server, std::vector<std::string> const& plugins)
{
    std::vector<std::string> known;
    for (auto const& entry : entries_of(fs::path(server.chroot + server.home) / "plugins")) {
        if (auto const plugin = plugin_of(entry)) {
            known.push_back(plugin->name);
        }
    }
    for (auto const& plugin : plugins) {
        if (std::ranges::find(known, plugin) == known.end()) {
            throw Error(ExitCode::usage, fmt::format("RabbitMQ {} has no plugin \"{}\"", server.version, plugin),
                        "The plugins are the folders in " + server.chroot + server.home + "/plugins." +
                            base::did_you_mean(plugin, known));
        }
    }
}

} // namespace rmqha::provision
