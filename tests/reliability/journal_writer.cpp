// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a session as the window does, step by step, and reads what is left of it. For the reliability suite, which kills it meanwhile.
//
//   journal_writer write FOLDER CONFIG STEPS   prints the number of a step on stdout once the journal has taken it
//   journal_writer read FOLDER                 prints a line of JSON for each session that can be recovered, and one for the saved file
//
// Step i is of kind i % 7: a choice (draft, pins) or a finding (evaluation, export, search, candidate) that holds the number i, or a new base.
#include "checkpoint/Checkpoint.h"
#include "foundation/Error.h"
#include "model/Families.h"
#include "session/SessionStore.h"

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>

namespace {

using namespace secateur;

Session freshSession(const std::string &config)
{
    Session session;
    ModelSummary model;
    model.folder = std::filesystem::path(config).parent_path();
    model.config = readConfig(config);
    model.spec = specFromConfig(model.config, config);
    auto scores = std::make_shared<NeuronScores>();
    for (const LayerSpec &layer : model.spec.layers)
        scores->layers.emplace_back(std::size_t(layer.neurons()), 1.0F);
    session.model = std::move(model);
    session.calibrations = {scores};
    session.draft.calibration = 0;
    session.draft.balance.sparsity = 0; // step 0
    return session;
}

/// What step i searches: its settings name the number.
PlanDraft searched(std::int64_t i)
{
    PlanDraft draft;
    draft.calibration = 0;
    draft.search.windows = i + 1;
    return draft;
}

/// Does step i in the session and in its journal. A base is written by a thread of its own, as in the window.
void doStep(std::int64_t i, Session &session, SessionJournal &journal, std::thread &writer)
{
    switch (i % 7) {
    case 0:
        session.draft.balance.sparsity = double(i) / 1e6;
        return journal.draftChanged(session.draft);
    case 1:
        session.pinned.push_back({.name = std::to_string(i), .draft = session.draft});
        return journal.pinsChanged(session.pinned);
    case 2: {
        Measurement record;
        record.calibration = 0;
        record.neuronsKept = 1;
        record.planHash = std::to_string(i);
        session.measurements.push_back(record);
        return journal.add(MeasurementMade{record});
    }
    case 3: {
        ExportRecord record;
        record.folder = "/" + std::to_string(i);
        session.exports.push_back(record);
        return journal.add(Exported{record});
    }
    case 4: {
        SearchRecord record;
        record.settings = searched(i).search;
        record.provenance.computed.device = "cpu";
        record.initialLoss = 1;
        session.searches[searchKey(searched(i), 1)] = record;
        return journal.add(SearchKnown{searchKey(searched(i), 1), record});
    }
    case 5: { // of the search that the step before began
        const std::string key = searchKey(searched(i - 1), 1);
        auto step = SearchStep::begun(session.model->spec.layerCount());
        step.losses[0] = double(i);
        session.searches[key].steps = {step};
        return journal.add(LossKnown{key, {.step = 0, .layer = 0, .loss = double(i)}});
    }
    default:
        if (i % 42 != 6)
            return;
        if (writer.joinable())
            writer.join();
        saveSession(session, journal.folder().parent_path().parent_path() / "saved.secateur");
        writer = std::thread([&journal, session, number = journal.startBase()] {
            try {
                journal.writeBase(number, session);
                std::printf("base %lld\n", static_cast<long long>(number));
            } catch (const Error &problem) {
                std::printf("failed: %s %s\n", problem.what(), problem.hint().c_str());
            }
            std::fflush(stdout);
        });
    }
}

int write(const std::filesystem::path &folder, const std::string &config, std::int64_t steps)
{
    Session session = freshSession(config);
    SessionJournal journal(folder / "sessions");
    journal.writeBase(journal.startBase(), session);
    std::thread writer;
    std::puts("begun");
    std::fflush(stdout);
    for (std::int64_t i = 0; i < steps; ++i) {
        try {
            doStep(i, session, journal, writer);
            std::printf("%lld\n", static_cast<long long>(i));
        } catch (const Error &problem) {
            std::printf("failed: %s %s\n", problem.what(), problem.hint().c_str());
        }
        std::fflush(stdout);
    }
    if (writer.joinable())
        writer.join();
    markClosed(journal.folder());
    std::puts("closed");
    return 0;
}

nlohmann::json contentOf(const Session &session)
{
    nlohmann::json content = {{"draft", std::llround(session.draft.balance.sparsity * 1e6)},
                              {"pins", nlohmann::json::array()},
                              {"evaluations", nlohmann::json::array()},
                              {"exports", nlohmann::json::array()},
                              {"searches", nlohmann::json::array()},
                              {"candidates", nlohmann::json::array()}};
    for (const PinnedPlan &pin : session.pinned)
        content["pins"].push_back(std::stoll(pin.name));
    for (const Measurement &record : session.measurements)
        content["evaluations"].push_back(std::stoll(record.planHash));
    for (const ExportRecord &record : session.exports)
        content["exports"].push_back(std::stoll(record.folder.string().substr(1)));
    for (const auto &[key, record] : session.searches) {
        content["searches"].push_back(record.settings.windows - 1);
        if (!record.steps.empty())
            content["candidates"].push_back(std::llround(record.steps[0].losses[0]));
    }
    return content;
}

int read(const std::filesystem::path &folder)
{
    for (const RecoverableSession &found : recoverableSessions(folder / "sessions")) {
        nlohmann::json content = contentOf(recoverSession(found.folder));
        content["what"] = "recovered";
        content["closed"] = found.wasClosed;
        std::cout << content.dump() << std::endl;
    }
    if (std::filesystem::exists(folder / "saved.secateur")) {
        nlohmann::json content = contentOf(loadSession(folder / "saved.secateur"));
        content["what"] = "saved";
        std::cout << content.dump() << std::endl;
    }
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    std::signal(SIGXFSZ, SIG_IGN); // a limit of the file size is a write that fails, as in the programs
    try {
        if (argc == 5 && std::strcmp(argv[1], "write") == 0)
            return write(argv[2], argv[3], std::stoll(argv[4]));
        if (argc == 3 && std::strcmp(argv[1], "read") == 0)
            return read(argv[2]);
        std::cerr << "usage: journal_writer write FOLDER CONFIG STEPS | read FOLDER\n";
        return 2;
    } catch (const Error &problem) {
        std::cerr << "secateur-cli: " << problem.what() << "\n  " << problem.hint() << "\n";
        return 1;
    }
}
