#include "health/exposition.hpp"

#include "base/utf8.hpp"

namespace rmqha::health {
namespace {

std::string label(std::string const& name, std::string const& text)
{
    std::string quoted;
    for (char const c : base::valid_utf8(text)) {
        quoted += c == '\\' ? "\\\\" : c == '"' ? "\\\"" : c == '\n' ? "\\n" : std::string(1, c);
    }
    return fmt::format("{}=\"{}\"", name, quoted);
}

} // namespace

void Exposition::family(std::string_view name, std::string_view type, std::string_view help)
{
    m_name = name;
    m_series.clear();
    m_head = fmt::format("# HELP rmqha_{0} {1}\n# TYPE rmqha_{0} {2}\n", name, help, type);
}

void Exposition::add(std::string const& value, Labels const& labels)
{
    std::string inner = label("cluster", m_cluster);
    for (auto const& [name, text] : labels) {
        inner += "," + label(name, text);
    }
    if (m_series.insert(inner).second) {
        m_text += std::exchange(m_head, {}) + fmt::format("rmqha_{}{{{}}} {}\n", m_name, inner, value);
    }
}

double in_seconds(base::Duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

} // namespace rmqha::health
