#include "base/error.hpp"
#include "base/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

using namespace rmqha;
using namespace rmqha::base;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(fs::path const& path)
{
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 0777U;
}

} // namespace

TEST_CASE("a file that is not there is nothing, one that cannot be read is an error", "[base]")
{
    test::TemporaryFolder const folder;
    CHECK_FALSE(read_file(folder / "none"));
    CHECK_FALSE(read_file(folder / "none/below"));
    try {
        read_file(folder.path());
        FAIL("a folder was read");
    } catch (Error const& error) {
        CHECK(error.code() == ExitCode::config);
        CHECK_THAT(error.what(), Catch::Contains("cannot read " + folder.path().string()));
    }
}

TEST_CASE("a file is written whole, private, with its folders", "[base]")
{
    test::TemporaryFolder const folder;
    auto const path = folder / "a/b/c.txt";
    std::string const content("x\0y\n", 4);
    write_file(path, content);
    CHECK(read_file(path) == content);
    CHECK(mode_of(path) == 0600);
    CHECK(mode_of(folder / "a/b") == 0700);
    CHECK_FALSE(readable_by_others(path));
    write_file(path, "other", 0644);
    CHECK(read_file(path) == "other");
    CHECK(mode_of(path) == 0644);
    CHECK(readable_by_others(path));
    CHECK(std::distance(fs::directory_iterator(folder / "a/b"), {}) == 1); // no temporary file is left
}

TEST_CASE("what cannot be written is named with its reason, and nothing is left behind", "[base]")
{
    test::TemporaryFolder const folder;
    fs::create_directory(folder / "taken");
    write_file(folder / "taken/file", "");
    try {
        write_file(folder / "taken", "x"); // a folder that is not empty stands there
        FAIL("written");
    } catch (Error const& error) {
        CHECK(error.code() == ExitCode::unavailable);
        CHECK_THAT(error.what(), Catch::StartsWith("cannot write " + (folder / "taken").string() + ": "));
    }
    CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
    CHECK_THROWS_AS(write_file(folder / "taken/file/below", "x"), Error);
}

TEST_CASE("a reader sees the old content or the new, never a part", "[base]")
{
    test::TemporaryFolder const folder;
    auto const path = folder / "file";
    std::string const old(200'000, 'a');
    std::string const fresh(200'000, 'b');
    write_file(path, old);
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (int i = 0; i < 20; ++i) {
            write_file(path, i % 2 == 0 ? fresh : old);
        }
        done = true;
    });
    bool whole = true;
    while (!done) {
        auto const seen = read_file(path);
        whole = whole && (seen == old || seen == fresh);
    }
    writer.join();
    CHECK(whole);
}

TEST_CASE("a lock lets one thread in at a time", "[base]")
{
    test::TemporaryFolder const folder;
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    int count = 0; // guarded by the lock alone
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) {
                FileLock const lock(folder / "deep/lock");
                most = std::max(most.load(), ++inside);
                ++count;
                std::this_thread::yield();
                --inside;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(most == 1);
    CHECK(count == 200);
    CHECK(mode_of(folder / "deep/lock") == 0600);
}

TEST_CASE("a lock lets one process in at a time", "[base]")
{
    test::TemporaryFolder const folder;
    auto const counter = folder / "counter";
    constexpr int k_rounds = 100;
    auto const count_up = [&] {
        for (int i = 0; i < k_rounds; ++i) {
            FileLock const lock(folder / "lock");
            auto const before = read_file(counter);
            std::ofstream(counter) << (before ? std::stoi(*before) : 0) + 1;
        }
    };
    auto const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        try {
            count_up();
        } catch (...) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    count_up();
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(read_file(counter) == std::to_string(2 * k_rounds));
}
