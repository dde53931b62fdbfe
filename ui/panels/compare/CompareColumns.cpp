// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/CompareColumns.h"

#include "jobs/JobTable.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QLocale>
#include <QStringList>

#include <algorithm>
#include <cmath>
#include <optional>

namespace secateur::ui {
namespace {

using Kind = CompareColumn::Kind;

struct Words {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::CompareColumns)
};

QString percent(double share)
{
    return QLocale().toString(100 * share, 'f', 1);
}

QString rateText(const Rate &rate)
{
    return QLocale().toString(rate.median, 'f', rate.median < 100 ? 1 : 0);
}

/// A row has sizes unless only its measurements are left.
bool hasSizes(const ComparisonRow &row)
{
    return row.layerParameters > 0;
}

const Throughput *speedOf(const ComparisonRow &row)
{
    return row.throughput.empty() ? nullptr : &row.throughput.front();
}

/// The number in a cell; none where it is not known, and for words.
std::optional<double> numberOf(const CompareRows &rows, std::size_t index, const CompareColumn &column)
{
    const ComparisonRow &row = rows.rows[index].plan.row;
    switch (column.kind) {
    case Kind::Sparsity:
        return hasSizes(row) ? std::optional(row.sparsityLayers) : std::nullopt;
    case Kind::Parameters:
        return hasSizes(row) ? std::optional(double(row.modelParameters)) : std::nullopt;
    case Kind::Perplexity:
        return row.evaluations[column.index] ? std::optional(row.evaluations[column.index]->perplexity) : std::nullopt;
    case Kind::Task: {
        const TaskResult *task = rows.taskOf(index, column.index);
        return task ? std::optional(task->acc) : std::nullopt;
    }
    case Kind::PruningTime:
        return row.pruningSeconds;
    case Kind::Cache:
        return hasSizes(row) ? std::optional(double(row.cacheBytes)) : std::nullopt;
    case Kind::Flop:
        return hasSizes(row) ? std::optional(row.flop) : std::nullopt;
    case Kind::Prefill:
    case Kind::Decode:
        if (const Throughput *speed = speedOf(row))
            return (column.kind == Kind::Prefill ? speed->prefill : speed->decode).median;
        return {};
    case Kind::Name:
    case Kind::File:
    case Kind::Method:
    case Kind::Removed:
    case Kind::Note:
        break;
    }
    return {};
}

QString taskText(const TaskResult &task)
{
    return task.accStderr ? Words::tr("%1 ± %2", "percent and standard error").arg(percent(task.acc), percent(*task.accStderr))
                          : percent(task.acc);
}

QString taskDetails(const TaskResult &task, const std::optional<std::int64_t> &limit)
{
    QStringList lines;
    if (task.accNorm)
        lines << Words::tr("acc_norm: %1 %")
                     .arg(task.accNormStderr
                              ? Words::tr("%1 ± %2", "percent and standard error").arg(percent(*task.accNorm), percent(*task.accNormStderr))
                              : percent(*task.accNorm));
    lines << (task.items == 1 ? Words::tr("1 item") : Words::tr("%1 items").arg(exactText(task.items)));
    if (task.skipped > 0)
        lines << Words::tr("%1 skipped").arg(exactText(task.skipped));
    if (task.subjects > 0)
        lines << Words::tr("%1 of 57 subjects").arg(task.subjects);
    if (limit)
        lines << Words::tr("at most %1 of each task and subject").arg(exactText(*limit));
    return lines.join(u'\n');
}

QString speedDetails(const ComparisonRow &row, bool isPrefill)
{
    QStringList lines;
    for (const Throughput &speed : row.throughput) {
        const Rate &rate = isPrefill ? speed.prefill : speed.decode;
        lines << Words::tr("%1 tokens, batch of %2: %3 tokens/s (%4 to %5)")
                     .arg(exactText(speed.promptLength), exactText(speed.batchSize), rateText(rate), QLocale().toString(rate.least, 'f', 1),
                          QLocale().toString(rate.most, 'f', 1));
    }
    return lines.join(u'\n');
}

/// A cell of a text file: in quotes where the separator or a quote would break it.
QString cellOf(const QVariant &value, QChar separator)
{
    if (value.typeId() == QMetaType::Double)
        return QLocale::c().toString(value.toDouble(), 'g', QLocale::FloatingPointShortest);
    const QString text = value.toString();
    if (!text.contains(separator) && !text.contains(u'"') && !text.contains(u'\n'))
        return text;
    return u'"' + QString(text).replace(u'"', QLatin1String("\"\"")) + u'"';
}

QVariant known(const std::optional<double> &number)
{
    return number ? QVariant(*number) : QVariant();
}

} // namespace

std::vector<CompareColumn> compareColumns(const CompareRows &rows)
{
    std::vector<CompareColumn> columns = {{Kind::Name}};
    if (rows.sessions.size() > 1)
        columns.push_back({Kind::File});
    for (const Kind kind : {Kind::Method, Kind::Sparsity, Kind::Parameters})
        columns.push_back({kind});
    for (std::size_t i = 0; i < rows.texts.size(); ++i)
        columns.push_back({Kind::Perplexity, i});
    for (std::size_t i = 0; i < rows.tasks.size(); ++i)
        columns.push_back({Kind::Task, i});
    for (const Kind kind : {Kind::PruningTime, Kind::Removed, Kind::Cache, Kind::Flop})
        columns.push_back({kind});
    if (std::ranges::any_of(rows.rows, [](const CompareRow &row) { return speedOf(row.plan.row) != nullptr; }))
        for (const Kind kind : {Kind::Prefill, Kind::Decode})
            columns.push_back({kind});
    columns.push_back({Kind::Note});
    return columns;
}

QString keyOf(const CompareRows &rows, const CompareColumn &column)
{
    constexpr const char *kKeys[] = {"name", "file", "method", "sparsity", "removed", "parameters", "perplexity",
                                     "task", "time", "cache",  "flop",     "prefill", "decode",     "note"};
    const QString key = QString::fromLatin1(kKeys[std::size_t(column.kind)]);
    if (column.kind == Kind::Perplexity)
        return key + u' ' + QString::fromStdString(rows.texts[column.index].tokenHash);
    return column.kind == Kind::Task ? key + u' ' + QString::fromStdString(rows.tasks[column.index]) : key;
}

QString headingOf(const CompareRows &rows, const CompareColumn &column)
{
    switch (column.kind) {
    case Kind::Name:
        return Words::tr("Plan");
    case Kind::File:
        return Words::tr("File");
    case Kind::Method:
        return Words::tr("Method");
    case Kind::Sparsity:
        return Words::tr("Sparsity");
    case Kind::Removed:
        return Words::tr("Removed, or N and K");
    case Kind::Parameters:
        return Words::tr("Parameters");
    case Kind::Perplexity:
        return Words::tr("Perplexity, %1", "of a text").arg(QString::fromStdString(rows.texts[column.index].name));
    case Kind::Task:
        return Words::tr("%1, %", "name of a task; its unit").arg(QString::fromStdString(rows.tasks[column.index]));
    case Kind::PruningTime:
        return Words::tr("Pruning time");
    case Kind::Cache:
        return Words::tr("KV per token");
    case Kind::Flop:
        return Words::tr("FLOP per token");
    case Kind::Prefill:
        return Words::tr("Prefill, tokens/s");
    case Kind::Decode:
        return Words::tr("Decode, tokens/s");
    case Kind::Note:
        return Words::tr("Note");
    }
    return {};
}

QString explanationOf(const CompareRows &rows, const CompareColumn &column)
{
    switch (column.kind) {
    case Kind::Sparsity:
        return Words::tr("Share of the layers' parameters that is gone");
    case Kind::Removed:
        return Words::tr("What goes: of 2SSP attentions (N) and the neurons that stay in each FFN (K)");
    case Kind::Parameters:
        return Words::tr("Of the whole model that is left");
    case Kind::Perplexity: {
        const MeasuredText &text = rows.texts[column.index];
        return Words::tr("Perplexity on %1 (%2 × %3 tokens); lower is better")
            .arg(QString::fromStdString(text.name), exactText(text.windows), exactText(text.length));
    }
    case Kind::Task:
        return Words::tr("Share of items whose likeliest answer is right (acc), with its standard error; higher is better");
    case Kind::PruningTime:
        return Words::tr("To find the plan, without loading and reading");
    case Kind::Cache:
        return Words::tr("Keys and values that a token takes in memory");
    case Kind::Flop:
        return Words::tr("Without attention over the context");
    default:
        return {};
    }
}

QString cellText(const CompareRows &rows, std::size_t index, const CompareColumn &column)
{
    static const QString kDash = QStringLiteral("–");
    const CompareRow &compared = rows.rows[index];
    const ComparisonRow &row = compared.plan.row;
    const auto orDash = [](const QString &text) { return text.isEmpty() ? kDash : text; };
    switch (column.kind) {
    case Kind::Name:
        return compared.plan.isCurrent ? Words::tr("%1 (current)").arg(planName(compared)) : planName(compared);
    case Kind::File:
        return rows.isOfOthers(index) ? fileText(rows, index) : Words::tr("this session");
    case Kind::Method:
        return orDash(methodName(row));
    case Kind::Removed:
        return orDash(removedText(row));
    case Kind::Note:
        return {};
    default:
        break;
    }
    const std::optional<double> number = numberOf(rows, index, column);
    if (!number)
        return kDash;
    switch (column.kind) {
    case Kind::Sparsity:
        return percentText(*number);
    case Kind::Parameters:
    case Kind::Flop:
        return countText(qint64(std::llround(*number)));
    case Kind::Perplexity:
        return perplexityText(*number);
    case Kind::Task:
        return taskText(*rows.taskOf(index, column.index));
    case Kind::PruningTime:
        return durationText(*number);
    case Kind::Cache:
        return bytesText(qint64(std::llround(*number)));
    default:
        return rateText({.median = *number});
    }
}

QVariant cellValue(const CompareRows &rows, std::size_t index, const CompareColumn &column)
{
    if (!column.isText())
        return known(numberOf(rows, index, column));
    if (column.kind == Kind::Removed) // of one method more parts, then fewer neurons
        return double(rows.rows[index].plan.row.attentionsRemoved + rows.rows[index].plan.row.ffnsRemoved);
    return column.kind == Kind::Note ? QVariant() : QVariant(cellText(rows, index, column));
}

QString cellDetails(const CompareRows &rows, std::size_t index, const CompareColumn &column)
{
    const PlanTableRow &plan = rows.rows[index].plan;
    const ComparisonRow &row = plan.row;
    const auto measured = [&](const QString &details) { // how it was computed, where that was done otherwise
        if (plan.differs.empty())
            return details;
        const QString differs = Words::tr("Not quite comparable: %1").arg(QString::fromStdString(plan.differs));
        return details.isEmpty() ? differs : details + u'\n' + differs;
    };
    switch (column.kind) {
    case Kind::Name: {
        QStringList lines;
        if (!row.problem.empty())
            lines << QString::fromStdString(row.problem);
        if (!row.planHash.empty())
            lines << Words::tr("Plan hash %1").arg(QString::fromStdString(row.planHash));
        return lines.join(u'\n');
    }
    case Kind::File:
        return rows.sessions[rows.rows[index].session].file;
    case Kind::Sparsity:
        return hasSizes(row) ? Words::tr("%1 of the whole model").arg(percentText(row.sparsityModel)) : QString();
    case Kind::Parameters:
        return hasSizes(row) ? Words::tr("%1; %2 in the layers").arg(exactText(row.modelParameters), exactText(row.layerParameters))
                             : QString();
    case Kind::Perplexity:
        return row.evaluations[column.index] ? measured(Words::tr("Loss: %1 nats a token, %2 tokens")
                                                            .arg(QLocale().toString(row.evaluations[column.index]->loss, 'f', 4),
                                                                 exactText(row.evaluations[column.index]->tokens)))
                                             : QString();
    case Kind::Task: {
        const TaskResult *task = rows.taskOf(index, column.index);
        return task ? measured(taskDetails(*task, row.tasks->limit)) : QString();
    }
    case Kind::PruningTime:
        return row.windowsForwarded ? Words::tr("%1 windows went through the model").arg(exactText(*row.windowsForwarded)) : QString();
    case Kind::Prefill:
    case Kind::Decode:
        return speedDetails(row, column.kind == Kind::Prefill);
    default:
        return {};
    }
}

QString separated(const CompareRows &rows, const std::function<QString(std::size_t)> &noteOf, QChar separator)
{
    QStringList names = {QStringLiteral("plan"),
                         QStringLiteral("file"),
                         QStringLiteral("method"),
                         QStringLiteral("sparsity"),
                         QStringLiteral("sparsity_layers"),
                         QStringLiteral("sparsity_model"),
                         QStringLiteral("attentions_removed"),
                         QStringLiteral("ffns_removed"),
                         QStringLiteral("neurons_kept"),
                         QStringLiteral("layer_parameters"),
                         QStringLiteral("model_parameters")};
    for (const MeasuredText &text : rows.texts)
        names << QStringLiteral("perplexity_") + QString::fromStdString(text.name);
    for (const std::string &task : rows.tasks)
        for (const char *what : {"_acc", "_acc_stderr", "_acc_norm", "_acc_norm_stderr", "_items"})
            names << QString::fromStdString(task) + QLatin1String(what);
    names << QStringLiteral("pruning_seconds") << QStringLiteral("windows_forwarded") << QStringLiteral("kv_bytes_per_token")
          << QStringLiteral("flop_per_token") << QStringLiteral("prefill_tokens_per_second") << QStringLiteral("decode_tokens_per_second")
          << QStringLiteral("plan_hash") << QStringLiteral("note");
    for (QString &name : names)
        name = cellOf(name, separator);
    QString all = names.join(separator) + u'\n';
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        const ComparisonRow &row = rows.rows[i].plan.row;
        const auto size = [&](const QVariant &number) { return hasSizes(row) ? number : QVariant(); };
        const Throughput *speed = speedOf(row);
        QVariantList values = {planName(rows.rows[i]),
                               QFileInfo(rows.sessions[rows.rows[i].session].file).fileName(),
                               row.method ? QString::fromLatin1(secateur::nameOf(*row.method)) : QStringLiteral("original"),
                               row.method ? QVariant(row.sparsity) : QVariant(),
                               size(row.sparsityLayers),
                               size(row.sparsityModel),
                               size(qint64(row.attentionsRemoved)),
                               size(qint64(row.ffnsRemoved)),
                               row.method == PlanMethod::TwoSsp || (row.method == PlanMethod::Restored && row.neuronsKept > 0)
                                   ? QVariant(qint64(row.neuronsKept))
                                   : QVariant(),
                               size(qint64(row.layerParameters)),
                               size(qint64(row.modelParameters))};
        for (const std::optional<Evaluation> &result : row.evaluations)
            values << (result ? QVariant(result->perplexity) : QVariant());
        for (std::size_t task = 0; task < rows.tasks.size(); ++task) {
            const TaskResult *result = rows.taskOf(i, task);
            values << (result ? QVariant(result->acc) : QVariant()) << known(result ? result->accStderr : std::nullopt)
                   << known(result ? result->accNorm : std::nullopt) << known(result ? result->accNormStderr : std::nullopt)
                   << (result ? QVariant(qint64(result->items)) : QVariant());
        }
        values << known(row.pruningSeconds) << (row.windowsForwarded ? QVariant(qint64(*row.windowsForwarded)) : QVariant())
               << size(qint64(row.cacheBytes)) << size(row.flop) << (speed ? QVariant(speed->prefill.median) : QVariant())
               << (speed ? QVariant(speed->decode.median) : QVariant()) << QString::fromStdString(row.planHash) << noteOf(i);
        QStringList cells;
        for (const QVariant &value : values)
            cells << cellOf(value, separator);
        all += cells.join(separator) + u'\n';
    }
    return all;
}

} // namespace secateur::ui
