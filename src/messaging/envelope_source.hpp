#pragma once

#include "messaging/source.hpp"
#include "messaging/template.hpp"

#include <memory>

namespace rmqha::messaging {

/// Each body of `lines` read as an envelope over `defaults`; blank lines are passed over. Where an envelope names no
/// routing key, `key` makes it from the envelope's body if it has fields. Throws base::Error(data) naming the line.
std::unique_ptr<Source> make_envelope_source(std::unique_ptr<Source> lines, Message defaults, KeyTemplate key);

/// The messages of another source, their routing keys made from their bodies. Throws base::Error(data) naming the
/// record.
std::unique_ptr<Source> make_keyed_source(std::unique_ptr<Source> source, KeyTemplate key);

} // namespace rmqha::messaging
