#pragma once

#include "provision/local_cluster.hpp"

namespace rmqha::provision {

struct ServerChoice {
    std::string path;   ///< versioned folder, or a prefix that contains one; empty: where packages put it
    std::string chroot; ///< folder of another Debian system; empty: this one. `path` is then inside it
};

/// Finds the server (the newest, should there be several) and reads its version from its plugins. Throws Error:
/// unavailable when there is none, usage when a folder cannot be what it is said to be or a chroot is asked for by
/// another user than root.
Server find_server(ServerChoice const& choice);

/// Throws Error(usage) naming the nearest one when the server has no plugin of that name.
void check_plugins(Server const& server, std::vector<std::string> const& plugins);

} // namespace rmqha::provision
