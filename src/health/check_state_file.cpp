#include "health/check_state_file.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <fmt/format.h>

#include <iterator>

namespace rmqha::health {

Judgement CheckStateFile::judge(std::string const& cluster, std::vector<Finding> findings, Snapshot const* snapshot,
                                JudgeOptions const& options, base::TimePoint deadline)
{
    std::error_code ignored;
    auto const kind = std::filesystem::status(m_path, ignored).type();
    if (kind != std::filesystem::file_type::regular && kind != std::filesystem::file_type::not_found) {
        base::fail(base::ExitCode::unavailable, "cannot use {}: not a regular file", m_path.string());
    }
    base::FileLock const lock(m_path.string() + ".lock", deadline);
    auto const text = base::read_file(m_path);
    auto states = text ? parse_check_states(*text) : CheckStates{};
    if (!states) {
        m_notes.push_back(fmt::format("{} is damaged: what earlier runs saw is forgotten", m_path.string()));
        states.emplace();
    }
    CheckState& state = (*states)[cluster];
    if (snapshot != nullptr) {
        auto restarts = restarts_of(state, *snapshot);
        std::erase_if(restarts, [&](Finding const& finding) { return !options.codes.contains(finding.code); });
        std::move(restarts.begin(), restarts.end(), std::back_inserter(findings));
    }
    auto judgement = health::judge(state, findings, options);
    base::write_file(m_path, to_text(*states, options.now));
    return judgement;
}

} // namespace rmqha::health
