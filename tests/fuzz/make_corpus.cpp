// Writes the recorded answers into a folder as inputs of fuzz_answers: make_corpus FOLDER
#include "base/file.hpp"
#include "support/answer_bodies.hpp"

#include <cstdlib>
#include <filesystem>

using namespace rmqha;

int main(int argc, char** argv)
{
    std::filesystem::path const folder = argc > 1 ? argv[1] : "corpus";
    std::filesystem::create_directories(folder);
    std::array const samples{test::recorded_bodies("3.10"), test::recorded_bodies("4.0")};
    for (std::size_t choice = 0; choice < samples.size() * test::k_answer_bodies.size(); ++choice) {
        auto const& body = samples.at(choice % samples.size()).*test::k_answer_bodies.at(choice / samples.size());
        base::write_file(folder / std::to_string(choice), static_cast<char>(choice) + body);
    }
    return EXIT_SUCCESS;
}
