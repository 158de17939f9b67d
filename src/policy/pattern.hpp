#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace rmqha::policy {

/// A policy's pattern as the broker evaluates it: Erlang's re:run without options, which is PCRE over bytes, matching
/// anywhere in the name, "$" also before a final line feed. Two things differ: Erlang takes bytes above 127 for Latin-1
/// letters in \w and [[:alpha:]], and Erlang before 28 has PCRE 8.45, which reads a few rare forms otherwise.
/// Thread-safe once made.
class Pattern {
public:
    /// Throws Error(data) quoting the pattern, with what is wrong and where.
    explicit Pattern(std::string const& text);

    /// A name that takes too long to decide does not match: so the broker has it.
    bool matches(std::string_view name) const;

private:
    std::shared_ptr<void const> m_code;
};

} // namespace rmqha::policy
