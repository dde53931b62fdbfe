// SPDX-License-Identifier: GPL-3.0-or-later
// The command lines that do it again, and what the words and signs mean.
#include "foundation/Error.h"
#include "jobs/CommandOptions.h"
#include "jobs/JobTypes.h"
#include "report/ReportSections.h"
#include "report/ReportSession.h"

#include <algorithm>
#include <utility>

namespace secateur::html {
namespace {

/// What computes as that was computed.
EngineSettings engineOf(const ComputeConditions &computed)
{
    EngineSettings engine;
    if (computed.isKnown()) {
        engine.device = computed.device;
        engine.dtype = computed.dtype;
        engine.threads = computed.threads;
    }
    return engine;
}

class Commands {
public:
    explicit Commands(const ReportFacts &facts) : f(facts) {}

    std::string html()
    {
        for (const std::vector<std::string> &words : f.options.commands)
            if (!words.empty()) {
                std::vector<std::string> named;
                for (const std::string &word : words)
                    named.push_back(withoutFolder(word));
                put("As recorded in the manifest", shellLine(named));
            }
        const std::size_t before = m_lines.size();
        if (f.plan) {
            how = f.plan->search.provenance.computed.isKnown() ? f.plan->search.provenance.computed
                  : f.plan->blocks                             ? f.plan->blocks->provenance.computed
                                                               : f.plan->calibration.computed;
            makePlan();
            if (!f.planHash.empty() && m_lines.size() > before)
                m_making = m_lines.back();
        }
        if (!f.planHash.empty())
            measureAndWrite();
        else if (!f.plan && f.named.model)
            measureOriginal();
        if (m_html.empty())
            return {};
        return paragraph(
                   "Each makes the same plan and the same numbers again, on a computer that computes alike. Files and the model stand "
                   "without their folders: put those in front where they lie elsewhere.") +
               m_html;
    }

private:
    /// What begins by making the plan again takes it from its file, as that was made above.
    void put(const std::string &title, std::string line)
    {
        if (!m_making.empty() && line.starts_with(m_making + " && "))
            line.erase(0, m_making.size() + std::string(" && ").size());
        if (line.empty() || std::ranges::find(m_lines, line) != m_lines.end())
            return;
        m_lines.push_back(line);
        m_html += heading(title) + "<pre><code>" + text(line) + "</code></pre>\n";
    }

    void add(const std::string &title, const JobRequest &request, const ComputeConditions &computed)
    {
        try {
            put(title, commandLineOf(request, f.named, engineOf(computed)));
        } catch (const Error &) { // no command line does that: a plan that cannot be made is told of above
        }
    }

    void makePlan()
    {
        const PlanDraft &draft = f.session.draft;
        if (f.plan->restoration)
            return restore();
        const std::string title = f.planHash.empty() ? "Go on with the plan" : "Make the plan";
        if (f.plan->blocks && !isFromFile()) // what finds it is its own command
            return add(title, request::FindBlocks{.settings = f.plan->blocks->settings, .text = blocksText(f.plan->blocks->provenance)},
                       how);
        add(title, request::Search{.draft = draft}, how);
        if (m_html.empty() && isFromFile())
            m_html += paragraph("The plan itself is in " + name(f.named.plans.at(draft.plan)->file.string()) + ".");
    }

    bool isFromFile() const
    {
        const auto shelved = f.named.plans.find(f.session.draft.plan);
        return shelved != f.named.plans.end() && !shelved->second->file.empty();
    }

    TextSettings blocksText(const Provenance &from) const
    {
        Provenance named = from;
        for (std::string &file : named.textFiles)
            file = std::filesystem::path(file).filename().string();
        TextSettings text = textSettingsOf(named);
        if (f.plan->method == PlanMethod::EvoPress) // takes samples of the whole text
            text.windows.reset();
        return text;
    }

    /// From the plain plan, where the session has it.
    void restore()
    {
        const auto plain = std::ranges::find_if(f.table.rows, [&](const PlanTableRow &row) {
            return row.draft && !row.row.planHash.empty() && row.row.planHash == f.plan->restoration->plainHash;
        });
        if (plain == f.table.rows.end())
            return;
        RestorationSettings settings = f.plan->restoration->settings;
        if (settings.second)
            for (std::filesystem::path &file : settings.second->files)
                file = file.filename();
        add("Make and restore the plan", request::Restore{.draft = *plain->draft, .settings = settings}, how);
    }

    void measureAndWrite()
    {
        const PlanDraft &draft = f.session.draft;
        for (const Measurement &measured : f.named.measurements) {
            if (measured.planHash != f.planHash)
                continue;
            const ComputeConditions &computed = measured.computed;
            if (measured.what == Measured::Perplexity)
                add("Measure its perplexity", request::Evaluate{.draft = draft, .text = measured.text}, computed);
            if (measured.tasks && !f.named.tasks.paths.empty())
                add("Measure it in tasks", request::MeasureTasks{.draft = draft, .tasks = tasksOf(*measured.tasks)}, computed);
            if (!measured.throughput.empty())
                add("Measure its speed", request::MeasureThroughput{.draft = draft, .settings = speedOf(measured.throughput)}, computed);
        }
        for (const ExportRecord &written : f.named.exports)
            if (written.planHash == f.planHash) {
                ExportSettings settings;
                settings.format = written.format;
                settings.output = written.folder;
                add("Export it", request::Export{.draft = draft, .settings = settings}, how);
            }
    }

    void measureOriginal()
    {
        for (const Measurement &measured : f.named.measurements)
            if (measured.planHash.empty() && measured.what == Measured::Perplexity)
                add("Measure the original", request::Evaluate{.draft = {}, .text = measured.text}, measured.computed);
    }

    TaskSettings tasksOf(const TaskResults &asked) const
    {
        TaskSettings tasks = f.named.tasks;
        tasks.limit = asked.limit;
        tasks.seed = asked.seed;
        tasks.bos = asked.bos;
        tasks.longest = asked.longest;
        return tasks;
    }

    static ThroughputSettings speedOf(const std::vector<Throughput> &measured)
    {
        ThroughputSettings settings;
        settings.promptLengths.clear();
        settings.batchSizes.clear();
        const auto note = [](std::vector<std::int64_t> &list, std::int64_t value) {
            if (std::ranges::find(list, value) == list.end())
                list.push_back(value);
        };
        for (const Throughput &speed : measured) {
            note(settings.promptLengths, speed.promptLength);
            note(settings.batchSizes, speed.batchSize);
            settings.newTokens = speed.newTokens;
            settings.repetitions = speed.repetitions;
        }
        return settings;
    }

    const ReportFacts &f;
    ComputeConditions how;
    std::string m_html, m_making; ///< the line that makes the plan
    std::vector<std::string> m_lines;
};

constexpr std::pair<const char *, const char *> kWords[] = {
    {"Attention, FFN", "the two parts of a decoder layer: attention mixes tokens, the feed-forward network (FFN) works on each by itself"},
    {"N", "how many attentions are removed"},
    {"K", "how many neurons every FFN keeps"},
    {"Sparsity", "the share of the decoder layers' parameters that is removed; embeddings and head do not count"},
    {"Loss", "mean cross entropy of the predicted tokens, in nats per token; lower is better"},
    {"Perplexity", "exp of the loss; lower is better. It compares models on one text only, and is no accuracy in tasks"},
    {"Search perplexity", "that on the few windows by which a search decides; not to be compared with perplexity on a text held out"},
    {"Near tie", "the runner-up's perplexity is less than 1 % higher: another text could well have decided otherwise"},
    {"Original", "the model as it was, unpruned"},
    {"Plan hash", "SHA-256 of what the plan makes of the model: equal hashes, equal models"},
    {"~", "compared with a number that was computed in another way: the last digits may differ for that reason alone"},
};

} // namespace

std::string commandsSection(const ReportFacts &facts)
{
    return Commands(facts).html();
}

std::string wordsSection(const ReportFacts &facts)
{
    if (!facts.session.model)
        return {};
    Facts list;
    for (const auto &[word, meaning] : kWords)
        list.add(word, text(meaning));
    return list.html();
}

} // namespace secateur::html
