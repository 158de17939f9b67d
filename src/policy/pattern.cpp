#include "policy/pattern.hpp"

#include "base/error.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <array>

namespace rmqha::policy {
namespace {

/// Erlang's default (erts, PCRE's MATCH_LIMIT).
constexpr std::uint32_t k_match_limit = 10'000'000;

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* pointer) const noexcept
    {
        Free(pointer);
    }
};
using CompileContext = std::unique_ptr<pcre2_compile_context, Freed<pcre2_compile_context_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>>;

PCRE2_SPTR bytes(std::string_view text)
{
    return reinterpret_cast<PCRE2_SPTR>(text.data());
}

std::string message_of(int code)
{
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(code, text.data(), text.size());
    return reinterpret_cast<char const*>(text.data());
}

} // namespace

Pattern::Pattern(std::string const& text)
{
    CompileContext const context(pcre2_compile_context_create(nullptr));
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    pcre2_set_bsr(context.get(), PCRE2_BSR_UNICODE);
    int error = 0;
    PCRE2_SIZE place = 0;
    auto* const code = pcre2_compile(bytes(text), text.size(), 0, &error, &place, context.get());
    if (code == nullptr) {
        base::fail(base::ExitCode::data, "pattern \"{}\": {} at character {}", text, message_of(error), place + 1);
    }
    m_code = std::shared_ptr<void const>(code, [code](void const* /*same*/) { pcre2_code_free(code); });
}

bool Pattern::matches(std::string_view name) const
{
    auto const* const code = static_cast<pcre2_code const*>(m_code.get());
    MatchData const data(pcre2_match_data_create(1, nullptr));
    MatchContext const context(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(context.get(), k_match_limit);
    return pcre2_match(code, bytes(name), name.size(), 0, 0, data.get(), context.get()) >= 0;
}

} // namespace rmqha::policy
