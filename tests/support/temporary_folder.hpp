#pragma once

#include <filesystem>

namespace rmqha::test {

/// An empty folder, removed with all in it when this goes.
class TemporaryFolder {
public:
    TemporaryFolder();
    TemporaryFolder(TemporaryFolder const&) = delete;
    TemporaryFolder& operator=(TemporaryFolder const&) = delete;
    ~TemporaryFolder();

    std::filesystem::path const& path() const { return m_path; }
    std::filesystem::path operator/(std::filesystem::path const& name) const { return m_path / name; }

private:
    std::filesystem::path m_path;
};

} // namespace rmqha::test
