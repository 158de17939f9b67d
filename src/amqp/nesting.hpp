#pragma once

// Internal to src/amqp.

#include <cstddef>
#include <span>

namespace rmqha::amqp {

/// How deep tables and arrays may lie within each other. rabbitmq-c decodes them by recursion without a limit: a frame
/// has room for enough levels to overflow the stack, and any publisher can send such headers.
inline constexpr int k_deepest = 64;

/// Throws Failure(not_amqp) when the encoded table at the front of `bytes` is nested deeper than k_deepest. What is
/// malformed otherwise passes: the decoder refuses it.
void require_shallow_table(std::span<char const> bytes);

/// The same for the headers in an encoded property list of class basic (flags first).
void require_shallow_headers(std::span<char const> properties);

} // namespace rmqha::amqp
