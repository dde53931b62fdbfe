// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/QualityData.h"

#include <QCoreApplication>

#include <cmath>
#include <optional>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::QualityData)
};

static_assert(kPlanMethods.size() <= QualityChart::kMostSeries); // a method more needs a mark of its own

double sizeOf(const ComparisonRow &row, SizeAxis axis)
{
    switch (axis) {
    case SizeAxis::ModelParameters:
        return double(row.modelParameters);
    case SizeAxis::LayerParameters:
        return double(row.layerParameters);
    case SizeAxis::Sparsity:
        return 100 * row.sparsityLayers;
    }
    return 0;
}

/// The unit of so many parameters with an SI prefix, and what one of it is.
std::pair<double, QString> unitFor(double parameters)
{
    if (parameters >= 1e9)
        return {1e9, QStringLiteral("G")};
    if (parameters >= 1e6)
        return {1e6, QStringLiteral("M")};
    if (parameters >= 1e3)
        return {1e3, QStringLiteral("k")};
    return {1, QString()};
}

/// Quality and its standard error; none where it was not measured.
std::optional<std::pair<double, double>> qualityOf(const CompareRows &rows, std::size_t index, const QualityMeasure &measure)
{
    if (measure.isTask) {
        const TaskResult *task = rows.taskOf(index, measure.index);
        return task ? std::optional(std::pair(100 * task->acc, 100 * task->accStderr.value_or(0))) : std::nullopt;
    }
    const std::optional<Evaluation> &result = rows.rows[index].plan.row.evaluations[measure.index];
    return result ? std::optional(std::pair(result->perplexity, 0.0)) : std::nullopt;
}

} // namespace

QString sizeAxisName(SizeAxis axis)
{
    switch (axis) {
    case SizeAxis::ModelParameters:
        return Words::tr("Parameters of the model");
    case SizeAxis::LayerParameters:
        return Words::tr("Parameters of the layers");
    case SizeAxis::Sparsity:
        return Words::tr("Sparsity of the layers");
    }
    return {};
}

std::vector<QualityMeasure> qualityMeasures(const CompareRows &rows)
{
    std::vector<QualityMeasure> measures;
    for (std::size_t i = 0; i < rows.texts.size(); ++i)
        measures.push_back({.isTask = false, .index = i});
    for (std::size_t i = 0; i < rows.tasks.size(); ++i)
        measures.push_back({.isTask = true, .index = i});
    return measures;
}

QString measureName(const CompareRows &rows, const QualityMeasure &measure)
{
    return measure.isTask ? Words::tr("Accuracy in %1").arg(QString::fromStdString(rows.tasks[measure.index]))
                          : Words::tr("Perplexity on %1").arg(QString::fromStdString(rows.texts[measure.index].name));
}

QualityData qualityData(const CompareRows &rows, SizeAxis axis, const QualityMeasure &measure)
{
    QualityData data;
    for (const PlanMethodRow &method : kPlanMethods)
        data.series.push_back({.name = QString::fromUtf8(method.title), .isJoined = method.method != PlanMethod::Manual});
    std::pair<double, QString> unit(1, Words::tr("%"));
    if (axis != SizeAxis::Sparsity && !rows.rows.empty())
        unit = unitFor(sizeOf(rows.rows.front().plan.row, axis));
    const auto withUnit = [](const QString &name, const QString &of) {
        return of.isEmpty() ? name : Words::tr("%1, %2", "name of an axis and its unit").arg(name, of);
    };
    data.axes = {.x = withUnit(sizeAxisName(axis), unit.second),
                 .y = withUnit(measureName(rows, measure), measure.isTask ? Words::tr("%") : QString()),
                 .isLogarithmic = !measure.isTask};
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        const CompareRow &row = rows.rows[i];
        const ComparisonRow &values = row.plan.row;
        const std::optional<std::pair<double, double>> quality = qualityOf(rows, i, measure);
        if (!quality || values.layerParameters == 0)
            continue;
        const QString file = fileText(rows, i);
        data.points.push_back({.x = sizeOf(values, axis) / unit.first,
                               .y = quality->first,
                               .error = quality->second,
                               .series = values.method ? int(*values.method) : -1,
                               .label = file.isEmpty() ? planName(row) : Words::tr("%1 in %2", "plan and file").arg(planName(row), file),
                               .planHash = QString::fromStdString(values.planHash),
                               .isCurrent = row.plan.isCurrent});
        data.rows.push_back(i);
    }
    return data;
}

} // namespace secateur::ui
