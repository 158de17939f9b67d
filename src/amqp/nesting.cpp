#include "amqp/nesting.hpp"

#include "amqp/failure.hpp"

#include <algorithm>

namespace rmqha::amqp {

namespace {

using Bytes = std::span<char const>;

/// Takes so many bytes off the front; all of them when there are fewer.
Bytes take(Bytes& bytes, std::size_t count)
{
    auto const taken = bytes.first(std::min(count, bytes.size()));
    bytes = bytes.subspan(taken.size());
    return taken;
}

std::size_t take_number(Bytes& bytes, std::size_t width)
{
    std::size_t number = 0;
    for (char const byte : take(bytes, width)) {
        number = number << 8U | static_cast<unsigned char>(byte);
    }
    return number;
}

std::size_t fixed_size(char kind)
{
    switch (kind) {
    case 't':
    case 'b':
    case 'B':
        return 1;
    case 's':
    case 'u':
        return 2;
    case 'i':
    case 'I':
    case 'f':
        return 4;
    case 'D':
        return 5;
    case 'l':
    case 'L':
    case 'd':
    case 'T':
        return 8;
    default:
        return 0;
    }
}

void walk(Bytes content, bool keys, int depth)
{
    if (depth > k_deepest) {
        throw Failure(FailureKind::not_amqp,
                      fmt::format("a table is nested deeper than {} levels, which is not supported", k_deepest));
    }
    while (!content.empty()) {
        if (keys) {
            take(content, take_number(content, 1));
        }
        if (content.empty()) {
            return;
        }
        char const kind = take(content, 1).front();
        if (kind == 'F' || kind == 'A') {
            walk(take(content, take_number(content, 4)), kind == 'F', depth + 1);
        } else if (kind == 'S' || kind == 'x') {
            take(content, take_number(content, 4));
        } else {
            take(content, fixed_size(kind));
        }
    }
}

} // namespace

void require_shallow_table(Bytes bytes)
{
    walk(take(bytes, take_number(bytes, 4)), true, 1);
}

void require_shallow_headers(Bytes properties)
{
    constexpr std::size_t k_more_flags = 1U;
    constexpr std::size_t k_content_type = 1U << 15U;
    constexpr std::size_t k_content_encoding = 1U << 14U;
    constexpr std::size_t k_headers = 1U << 13U;
    auto const flags = take_number(properties, 2);
    for (auto more = flags; (more & k_more_flags) != 0 && !properties.empty();) {
        more = take_number(properties, 2);
    }
    for (auto const before : {k_content_type, k_content_encoding}) {
        if ((flags & before) != 0) {
            take(properties, take_number(properties, 1));
        }
    }
    if ((flags & k_headers) != 0) {
        require_shallow_table(properties);
    }
}

} // namespace rmqha::amqp
