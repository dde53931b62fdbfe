// SPDX-License-Identifier: GPL-3.0-or-later
// The job that makes up for what a plan loses, in closed form.
#include "engine/EngineState.h"
#include "engine/RestorationForecast.h"
#include "engine/TemporaryGrams.h"
#include "foundation/Wording.h"
#include "pruning/PlanJson.h"
#include "restoration/Restorable.h"
#include "restoration/Restorer.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace secateur {
namespace {

/// Some of the windows of a text, as a text of their own.
TokenWindows part(const TokenWindows &all, std::int64_t first, std::int64_t count)
{
    TokenWindows windows;
    windows.length = all.length;
    const auto begin = all.tokens.begin() + std::ptrdiff_t(first * all.length);
    windows.tokens.assign(begin, begin + std::ptrdiff_t(count * all.length));
    windows.hash = hashOf(windows.tokens);
    return windows;
}

/// Throws Error when a text of the gate has windows that the fits or the search see.
void checkUnseen(const TokenWindows &second, const TokenWindows &first, std::int64_t seen)
{
    if (second.length != first.length)
        return;
    std::set<std::vector<TokenId>> known;
    for (std::int64_t w = 0; w < seen; ++w)
        known.emplace(first.window(w).begin(), first.window(w).end());
    for (std::int64_t w = 0; w < second.count(); ++w)
        if (known.contains({second.window(w).begin(), second.window(w).end()}))
            throw Error("The second text of the gate is not held out: its window " + std::to_string(w) +
                            " is one of the calibration or the search.",
                        "Name a text that the calibration has not seen.");
}

/// Throws Error when what was found of a restoration is not of this one.
void checkGoesOn(const RestorationProgress &before, const RestorationRecord &now, const SearchSettings &search,
                 const Provenance &provenance)
{
    const auto refuse = [](const std::string &what) {
        throw Error("The restoration that was begun cannot be gone on with: it was " + what + ".", "Use the same again, or begin anew.");
    };
    if (before.record.plainHash != now.plainHash)
        refuse("of another plan");
    if (!(before.record.settings == now.settings))
        refuse("made with other settings");
    const auto isSame = [](const GateText &one, const GateText &other) { return one.tokenHash == other.tokenHash; };
    if (!std::ranges::equal(before.record.texts, now.texts, isSame))
        refuse("made with other held-out texts (or other windows of them)");
    if (before.search.isBegun())
        checkContinuation(before.search, search, provenance);
    else if (const ConditionDifference found = differenceOf(before.search.provenance.computed, provenance.computed); !found.isNone())
        refuse("computed " + found.one + ", and this process computes " + found.other);
}

/// What was found before, in few words: ranks have to agree on it.
std::string summaryOf(const RestorationProgress *before)
{
    if (!before)
        return {};
    std::string words = before->record.plainHash + toJson(before->search).dump();
    for (const RestorationVariant &variant : before->record.variants)
        for (const double loss : variant.losses)
            words += " " + nlohmann::json(loss).dump();
    for (const RemovalsTried &tried : before->record.removals)
        words += " " + std::to_string(tried.attentionsRemoved) + ":" + nlohmann::json(tried.loss).dump();
    return words;
}

} // namespace

/// One call of restore.
class Engine::Restoration {
public:
    Restoration(Engine &engine, const PruningPlan &plain, const TextSettings &text, const RestorationSettings &settings,
                JobContext &context)
        : m_engine(engine),
          m_state(*engine.m_state),
          m_model(m_state.open()),
          m_plain(plain),
          m_text(text),
          m_settings(settings),
          m_context(context)
    {
    }

    PruningPlan restore(const std::filesystem::path &grams, const RestorationListener &heard, const RestorationProgress *before);
    void check(const std::filesystem::path &grams);

private:
    void readTexts(std::optional<std::int64_t> calibrationOfGrams);
    std::filesystem::path ofFirstRank(const std::filesystem::path &own) const;
    std::filesystem::path makeGrams(std::optional<TemporaryGrams> &temporary);
    std::int64_t calibrationWindows(std::optional<std::int64_t> calibrationOfGrams) const;
    void readSecond();
    void checkGrams(const GramFile &file) const;
    void agree(const RestorationProgress *before, const std::string &gramsOf) const;
    RestorationText textSize(bool hasGrams) const;
    /// What the search may keep, and what R4 may.
    struct Spare {
        StateBudget states{0};
        std::int64_t ofSequence = 0;
    };
    Spare fit(bool hasGrams);
    at::Tensor tensorOf(const TokenWindows &windows) const { return tokenTensor(windows.tokens, windows.length, m_state.device); }
    std::vector<HeldOutText> heldOut() const;

    Engine &m_engine;
    State &m_state;
    OpenModel &m_model;
    const PruningPlan &m_plain;
    TextSettings m_text;
    const RestorationSettings &m_settings;
    JobContext &m_context;
    RestorationWindows m_shares;
    TokenWindows m_windows;               ///< of the calibration's text, all of them
    std::optional<TokenWindows> m_second; ///< of the gate's other text
    std::optional<TextSettings> m_secondText;
};

PruningPlan Engine::restore(const PruningPlan &plain, const TextSettings &text, const RestorationSettings &settings,
                            const std::filesystem::path &grams, JobContext &context, const RestorationListener &heard,
                            const RestorationProgress *before)
{
    return underTorch(m_state->device, [&] { return Restoration(*this, plain, text, settings, context).restore(grams, heard, before); });
}

void Engine::checkRestoration(const PruningPlan &plain, const TextSettings &text, const RestorationSettings &settings,
                              const std::filesystem::path &grams, JobContext &context)
{
    underTorch(m_state->device, [&] { Restoration(*this, plain, text, settings, context).check(grams); });
}

Forecast Engine::forecastRestoration(const PruningPlan &plain, const TextSettings &text, const RestorationSettings &settings, bool hasGrams)
{
    return underTorch(m_state->device, [&] {
        RestorationText size{.windows = plain.calibration.windows, .length = text.length, .hasGrams = hasGrams};
        if (size.windows == 0)
            size.windows = roughWindows(text);
        if (settings.second) {
            size.second = settings.second->windows.value_or(settings.gateWindows);
            size.secondLength = settings.second->length;
        }
        return secateur::forecastRestoration(m_state->open().spec(), plain, settings, size, forecastBasis());
    });
}

PruningPlan Engine::Restoration::restore(const std::filesystem::path &grams, const RestorationListener &heard,
                                         const RestorationProgress *before)
{
    checkRestorable(m_plain, m_settings);
    checkPlan(m_plain, m_model.spec(), m_model.hash(m_context));
    m_state.join(m_context);
    std::optional<GramFile> file;
    if (const std::filesystem::path given = ofFirstRank(grams); !given.empty())
        file.emplace(given, m_model.spec(), m_model.hash(m_context));
    readTexts(file ? std::optional(file->provenance().windows) : std::nullopt);
    const std::vector<HeldOutText> texts = heldOut();
    if (!m_state.ranks()->isAlone())
        agree(before, file ? file->provenance().tokenHash : std::string());

    const TokenWindows searched = part(m_windows, m_shares.fitted, m_shares.search);
    TextSettings searchText = m_text;
    searchText.windows = m_shares.fitted + m_shares.search;
    Provenance provenance = m_model.provenance(searchText, searched, m_context);
    if (before) {
        RestorationRecord now;
        now.settings = m_settings;
        now.plainHash = m_plain.hash();
        for (const HeldOutText &text : texts)
            now.texts.push_back(text.told);
        checkGoesOn(*before, now, searchSettingsOf(m_plain, m_settings), provenance);
        provenance.computed = continued(before->search.provenance.computed, provenance.computed);
    }

    m_model.forgetPlan();
    const Spare spare = fit(file.has_value());
    std::optional<TemporaryGrams> temporary;
    if (!file)
        file.emplace(makeGrams(temporary), m_model.spec(), m_model.hash(m_context));
    if (!m_state.ranks()->isAlone())
        m_state.ranks()->exchange({}, m_context); // all have it open before the first removes it
    checkGrams(*file);

    const std::int64_t second = m_second ? m_second->length : 0;
    const Decoder dense = m_model.decoder(nullptr, std::max(m_windows.length, second), m_context);
    const std::int64_t sequential =
        m_settings.has(RestorationStep::Sequential) ? m_settings.sequentialWindows.value_or(m_shares.calibration) : 0;
    Restorer restorer({.dense = dense,
                       .plain = m_plain,
                       .grams = *file,
                       .stored = m_model.checkpoint().dtype(),
                       .settings = m_settings,
                       .searchTokens = m_shares.search > 0 ? tensorOf(searched) : at::Tensor(),
                       .searchProvenance = provenance,
                       .sequentialTokens = sequential > 0 ? tensorOf(part(m_windows, 0, sequential)) : at::Tensor(),
                       .texts = texts,
                       .states = spare.states,
                       .spareBytes = spare.ofSequence,
                       .losses = m_state.settings.losses,
                       .ranks = m_state.ranks()},
                      m_context, heard);
    return restorer.restore(before);
}

/// Of several ranks all look at the Gram matrices that they see; they take those of the first.
void Engine::Restoration::check(const std::filesystem::path &grams)
{
    std::optional<GramFile> file;
    std::error_code error;
    if (!grams.empty() && (m_state.ranks()->rank() == 0 || std::filesystem::is_regular_file(grams, error)))
        file.emplace(grams, m_model.spec(), m_model.hash(m_context));
    readTexts(file ? std::optional(file->provenance().windows) : std::nullopt);
    if (file)
        checkGrams(*file);
}

/// Throws Error when the Gram matrices are not those of the plan's calibration.
void Engine::Restoration::checkGrams(const GramFile &file) const
{
    const Provenance &from = file.provenance();
    const TokenWindows calibration = part(m_windows, 0, m_shares.calibration);
    const std::string name = "The Gram matrices in " + inQuotes(file.path().string());
    if (from.tokenHash != calibration.hash)
        throw Error(name + " are of another text than the plan's calibration.",
                    "Calibrate on this text again, and keep what restoring needs.");
    if (from.windows != calibration.count() || from.length != calibration.length)
        throw Error(name + " tell of " + counted(from.windows, "window") + " of " + counted(from.length, "token") +
                        "; the plan's calibration has " + std::to_string(calibration.count()) + " of " +
                        std::to_string(calibration.length) + ".",
                    "The file is damaged: calibrate again, and keep what restoring needs.");
    if (m_plain.method == PlanMethod::TwoSsp && file.scores().norm != m_plain.norm)
        throw Error(name + " were made with scores of another norm than the plan's.", "Calibrate with the plan's norm again.");
}

/// A pass over the calibration. Of several ranks the first one has the sums, and tells the others where they lie.
std::filesystem::path Engine::Restoration::makeGrams(std::optional<TemporaryGrams> &temporary)
{
    const std::shared_ptr<Ranks> ranks = m_state.ranks();
    TextSettings calibration = m_text;
    calibration.windows = m_shares.calibration;
    if (ranks->rank() == 0)
        temporary.emplace(m_model.spec());
    const std::filesystem::path own = temporary ? temporary->file() : std::filesystem::temp_directory_path() / "secateur-grams";
    m_engine.score(calibration, m_plain.norm, m_context, own);
    return ofFirstRank(own);
}

/// The file of Gram matrices that rank 0 has, which all read; empty where it has none.
std::filesystem::path Engine::Restoration::ofFirstRank(const std::filesystem::path &own) const
{
    const std::shared_ptr<Ranks> ranks = m_state.ranks();
    if (ranks->isAlone())
        return own;
    const std::filesystem::path file = ranks->exchange(own.string(), m_context).front();
    std::error_code error;
    if (!file.empty() && !std::filesystem::is_regular_file(file, error))
        throw Error("The Gram matrices of rank 0, " + inQuotes(file.string()) + ", cannot be read by rank " +
                        std::to_string(ranks->rank()) + ".",
                    "Keep them in a folder that all machines share; where restoring makes them, TMPDIR names it.");
    return file;
}

/// One reading of the calibration's text, and one of the gate's other text.
void Engine::Restoration::readTexts(std::optional<std::int64_t> calibrationOfGrams)
{
    const std::string &known = m_plain.calibration.tokenHash; // of a plan by hand there is none
    if (!known.empty() && m_text.length != m_plain.calibration.length)
        throw Error("The windows are to have " + counted(m_text.length, "token") + "; those of the plan's calibration have " +
                        std::to_string(m_plain.calibration.length) + ".",
                    "Give the same length (--length).");
    m_shares = restorationWindows(m_plain.method, m_settings, calibrationWindows(calibrationOfGrams));
    m_text.windows = m_shares.total();
    try {
        m_windows = m_state.windows(m_text, m_context);
    } catch (const ShortText &shorter) {
        throw ShortText("The text gives " + counted(shorter.windows(), "window") + " of " + counted(m_text.length, "token") +
                            ", and restoring needs " + std::to_string(m_shares.total()) + ": " + inWords(m_shares) + ".",
                        "Calibrate on fewer windows (--windows), or hold out fewer.", shorter.windows());
    }
    if (!known.empty() && part(m_windows, 0, m_shares.calibration).hash != known)
        throw Error("The text is another than that of the plan's calibration: its first " + counted(m_shares.calibration, "window") +
                        " hold other tokens.",
                    "Give the text of the calibration, " + listed(m_plain.calibration.textFiles, 3) +
                        ", in the same order (--text, --seed).");
    readSecond();
}

/// Those of the plan; of one by hand those of the Gram matrices; else as many as are asked for, or as the text has beside those that are held out.
std::int64_t Engine::Restoration::calibrationWindows(std::optional<std::int64_t> calibrationOfGrams) const
{
    if (!m_plain.calibration.tokenHash.empty())
        return m_plain.calibration.windows;
    if (calibrationOfGrams && m_plain.method == PlanMethod::Manual)
        return *calibrationOfGrams;
    if (m_text.windows)
        return *m_text.windows;
    const std::int64_t all = m_state.windows(m_text, m_context).count(), rest = restorationWindows(m_plain.method, m_settings, 0).total();
    if (all <= rest)
        throw ShortText("The text gives " + counted(all, "window") + " of " + counted(m_text.length, "token") + ", of which " +
                            std::to_string(rest) + " are held out.",
                        "Hold out fewer.", all);
    return all - rest;
}

void Engine::Restoration::readSecond()
{
    if (!m_settings.second)
        return;
    m_secondText = m_settings.second;
    if (!m_secondText->windows)
        m_secondText->windows = m_settings.gateWindows;
    m_second = m_state.windows(*m_secondText, m_context);
    checkUnseen(*m_second, m_windows, m_shares.fitted + m_shares.search);
}

std::vector<HeldOutText> Engine::Restoration::heldOut() const
{
    const TokenWindows gate = part(m_windows, m_shares.fitted + m_shares.search, m_shares.heldOut);
    std::vector<HeldOutText> texts{{.told = {.text = m_text, .tokenHash = gate.hash, .windows = gate.count()}, .tokens = tensorOf(gate)}};
    if (m_second)
        texts.push_back(
            {.told = {.text = *m_secondText, .tokenHash = m_second->hash, .windows = m_second->count()}, .tokens = tensorOf(*m_second)});
    return texts;
}

/// Makes sure that all ranks restore the same. They share the pass and the search; every solve and held-out loss is computed by each of them alike.
void Engine::Restoration::agree(const RestorationProgress *before, const std::string &gramsOf) const
{
    std::vector<std::string> steps;
    for (const RestorationStep step : m_settings.steps)
        steps.emplace_back(nameOf(step));
    const nlohmann::json numbers = {m_settings.isGated,
                                    m_settings.ridge,
                                    m_settings.pathRidge,
                                    m_settings.sequentialRidge,
                                    m_settings.searchWindows,
                                    m_settings.gateWindows,
                                    m_settings.sequentialWindows.value_or(0),
                                    m_settings.widthShare.value_or(0),
                                    m_shares.calibration};
    agreeOnWork(*m_state.ranks(),
                {{"plan or model", m_plain.hash()},
                 {"search in its plan", toJson(m_plain.search).dump()},
                 {"text (--text, --windows, --length, --seed)", m_windows.hash},
                 {"second text of the gate", m_second ? m_second->hash : std::string()},
                 {"choice of steps", listed(steps)},
                 {"setting of the restoration", numbers.dump()},
                 {"calibration of the Gram matrices", gramsOf},
                 {"restoration to go on with", summaryOf(before)},
                 {"choice of losses (--all-losses)", m_state.settings.losses == LossesKnown::All ? "all" : "deciding"}},
                m_context);
}

RestorationText Engine::Restoration::textSize(bool hasGrams) const
{
    return {.windows = m_shares.calibration,
            .length = m_windows.length,
            .second = m_second ? m_second->count() : 0,
            .secondLength = m_second ? m_second->length : 0,
            .hasGrams = hasGrams};
}

/// Tells the phases, where nobody has told any, and decides for all of them whether layers are streamed.
Engine::Restoration::Spare Engine::Restoration::fit(bool hasGrams)
{
    const std::vector<RestorationPhase> phases =
        phasesOfRestoration(m_model.spec(), m_plain, m_settings, textSize(hasGrams), m_state.basis);
    std::vector<ExpectedPhase> expected;
    Spare spare;
    std::int64_t most = 0, ofSequence = 0;
    for (const RestorationPhase &phase : phases) {
        const Forecast memory = m_state.fit(phase.size);
        if (phase.phase == "search")
            spare.states = StateBudget(memory.restartBytes, memory.areStatesOnHost);
        if (phase.phase == "restore" && phase.size.windows > 1) // of the phases that solve, the only one with windows
            ofSequence = memory.memoryBytes();
        most = std::max(most, memory.memoryBytes());
        expected.push_back({phase.phase, phase.seconds});
    }
    if (ofSequence > 0) // as much as another phase takes anyway
        spare.ofSequence = most - ofSequence;
    if (!m_context.isExpecting())
        m_context.expect(std::move(expected));
    return spare;
}

} // namespace secateur
