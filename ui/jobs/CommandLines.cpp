// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/CommandLines.h"

#include "jobs/SessionTask.h"

#include <QLocale>
#include <QRegularExpression>
#include <QStringList>

namespace secateur::ui {
namespace {

/// As a shell reads it back as one word.
QString quoted(const QString &word)
{
    static const QRegularExpression plain(QStringLiteral("^[A-Za-z0-9_./:=+,-]+$"));
    if (plain.match(word).hasMatch())
        return word;
    return QLatin1Char('\'') + QString(word).replace(QLatin1Char('\''), QLatin1String("'\\''")) + QLatin1Char('\'');
}

QString joined(const QStringList &words)
{
    QStringList shell;
    for (const QString &word : words)
        shell << quoted(word);
    return shell.join(QLatin1Char(' '));
}

QString pathText(const std::filesystem::path &path)
{
    return QString::fromStdString(path.string());
}

QString number(double value)
{
    return QLocale::c().toString(value, 'g', QLocale::FloatingPointShortest);
}

/// A command line in the making.
class Line {
public:
    Line(const char *command, const std::filesystem::path &model) : m_words{QStringLiteral("secateur-cli"), QLatin1String(command)}
    {
        m_words.push_back(pathText(model));
    }
    Line &add(const char *option, const QString &value)
    {
        m_words << QLatin1String(option) << value;
        return *this;
    }
    Line &add(const char *option, std::int64_t value) { return add(option, QString::number(value)); }
    Line &flag(const char *option)
    {
        m_words << QLatin1String(option);
        return *this;
    }
    Line &text(const TextSettings &text)
    {
        if (!text.files.empty())
            m_words << QStringLiteral("--text");
        for (const std::filesystem::path &file : text.files)
            m_words << pathText(file);
        if (!text.files.empty())
            add("--windows", text.windows ? QString::number(*text.windows) : QStringLiteral("all"));
        add("--length", text.length);
        if (text.seed != 0)
            add("--seed", QString::number(text.seed));
        if (text.column != TextSettings().column)
            add("--column", QString::fromStdString(text.column));
        return *this;
    }
    Line &layers(const char *option, const std::vector<std::int64_t> &layers)
    {
        QStringList names;
        for (const std::int64_t layer : layers)
            names << QString::number(layer);
        return names.isEmpty() ? *this : add(option, names.join(QLatin1Char(',')));
    }
    Line &engine(const EngineSettings &engine)
    {
        if (engine.device != "auto")
            add("--device", QString::fromStdString(engine.device));
        if (engine.dtype != "auto")
            add("--dtype", QString::fromStdString(engine.dtype));
        if (engine.threads > 0) // it decides the last bits
            add("--threads", engine.threads);
        return *this;
    }
    const QStringList &words() const { return m_words; }
    QString join() const { return joined(m_words); }

private:
    QStringList m_words;
};

Line pruneLine(const Session &session, const PlanDraft &draft, EngineSettings engine)
{
    const NeuronScores *scores = draft.calibration >= 0 ? session.calibrations[std::size_t(draft.calibration)].get() : nullptr;
    const TextSettings text = scores ? textSettingsOf(scores->provenance) : session.calibrationText;
    const ScoreNorm norm = scores ? scores->norm : session.norm;
    if (scores && scores->provenance.computed.threads > 0) // they may have been made elsewhere
        engine.threads = scores->provenance.computed.threads;
    Line line("prune", session.model->folder);
    line.text(text);
    if (norm == ScoreNorm::L1)
        line.add("--norm", QStringLiteral("l1"));
    const BalanceSettings &b = draft.balance, usual;
    if (!b.attentionsToRemove || !b.neuronsKept) // both follow from it unless they were set by hand
        line.add("--sparsity", number(b.sparsity));
    if (b.alpha != usual.alpha && !b.attentionsToRemove)
        line.add("--alpha", number(b.alpha));
    if (b.attentionsToRemove)
        line.add("--remove", *b.attentionsToRemove);
    if (b.widthMultiple != 1 && !b.neuronsKept)
        line.add("--width-multiple", b.widthMultiple);
    if (b.neuronsKept)
        line.add("--keep", *b.neuronsKept);
    line.layers("--protect", draft.search.protectedLayers).layers("--force", draft.search.forcedLayers);
    if (draft.search.windows != 1)
        line.add("--search-windows", draft.search.windows);
    if (draft.search.referenceLoss)
        line.add("--loss-dtype", QStringLiteral("reference"));
    line.flag("--all-losses"); // the window shows them
    return line.engine(engine);
}

} // namespace

QString CommandLines::inspect(const std::filesystem::path &model)
{
    return Line("inspect", model).join();
}

QString CommandLines::calibrate() const
{
    Line line("calibrate", m_session.model->folder);
    line.text(m_session.calibrationText);
    if (m_session.norm == ScoreNorm::L1)
        line.add("--norm", QStringLiteral("l1"));
    return line.engine(m_engine).add("--output", QStringLiteral("scores.safetensors")).join();
}

QString CommandLines::impact() const
{
    const SearchSettings &search = m_session.draft.search;
    TextSettings text = m_session.calibrationText;
    text.windows = search.windows; // the scores decide nothing where all neurons are kept
    Line line("prune", m_session.model->folder);
    line.text(text).add("--keep", m_session.model->spec.mostNeurons()).add("--remove", 1);
    if (search.windows != 1)
        line.add("--search-windows", search.windows);
    if (search.referenceLoss)
        line.add("--loss-dtype", QStringLiteral("reference"));
    line.flag("--all-losses"); // what the impact is
    return line.engine(m_engine).add("--save-plan", QStringLiteral("impact.json")).join();
}

QString CommandLines::plan(const PlanDraft &draft) const
{
    return pruneLine(m_session, draft, m_engine).add("--save-plan", QStringLiteral("plan.json")).join();
}

QString CommandLines::evaluate(const PlanDraft &draft, const TextSettings &text, const QString &planFile) const
{
    Line prune = pruneLine(m_session, draft, m_engine), evaluate("evaluate", m_session.model->folder);
    prune.add("--save-plan", planFile);
    evaluate.text(text).add("--plan", planFile).engine(m_engine);
    return prune.join() + QLatin1String(" && ") + evaluate.join();
}

QString CommandLines::evaluate(const PlanDraft &draft, const TextSettings &text) const
{
    return evaluate(draft, text, QStringLiteral("plan.json"));
}

QString CommandLines::evaluateDense(const TextSettings &text) const
{
    return Line("evaluate", m_session.model->folder).text(text).engine(m_engine).join();
}

QString CommandLines::curve(const std::vector<PlanDraft> &drafts, const TextSettings &text) const
{
    QStringList lines;
    for (const PlanDraft &draft : drafts)
        lines << evaluate(draft, text, QStringLiteral("plan-%1.json").arg(lines.size() + 1));
    return lines.join(QLatin1String(" &&\n"));
}

QStringList CommandLines::exportWords(const PlanDraft &draft, const ExportSettings &settings) const
{
    Line line = pruneLine(m_session, draft, m_engine);
    line.add("--format", QString::fromStdString(settings.format));
    if (settings.dtype)
        line.add("--export-dtype", QString::fromStdString(std::string(configName(*settings.dtype))));
    line.add("--output", settings.output.empty() ? QStringLiteral("OUTPUT") : pathText(settings.output));
    if (settings.isOverwriteAllowed)
        line.flag("--overwrite");
    return line.words();
}

QString CommandLines::exportPlan(const PlanDraft &draft, const ExportSettings &settings) const
{
    return joined(exportWords(draft, settings));
}

QStringList CommandLines::pruneWords(const PlanDraft &draft, const ExportSettings &settings) const
{
    QStringList words = exportWords(draft, settings);
    const TextSettings &text = m_session.evaluationText, &calibration = m_session.calibrationText;
    if (text.files.size() == 1 && !text.windows && text.seed == 0 && text.length == calibration.length && text.column == calibration.column)
        words << QStringLiteral("--evaluate") << pathText(text.files.front());
    return words;
}

QString CommandLines::prune(const PlanDraft &draft, const ExportSettings &settings) const
{
    return joined(pruneWords(draft, settings));
}

} // namespace secateur::ui
