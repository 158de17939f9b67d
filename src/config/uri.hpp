#pragma once

#include "config/option.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rmqha::config {

/// What AMQP URIs say, in the words of options(): node, user, vhost, tls, heartbeat, connection_timeout, cacert, cert,
/// key, server_name, insecure; and "uri_password". Only what the URI holds is there (tls always). Reads
/// amqp[s]://user:password@host:port/vhost?heartbeat=SECONDS&connection_timeout=MILLISECONDS&cacertfile=&certfile=&
/// keyfile=&verify=verify_none|verify_peer&server_name_indication=, percent-encoded; several may stand in one text,
/// separated by commas. They must agree on everything but the node.
/// Throws Error(usage); no message ever holds a password.
Values parse_uris(std::vector<std::string> const& texts);

/// The URI with its password replaced by "***".
std::string redacted(std::string_view uri);

/// `text` as a part of a URI: everything but letters, digits and -._~ becomes %XX.
std::string percent_encoded(std::string_view text);

} // namespace rmqha::config
