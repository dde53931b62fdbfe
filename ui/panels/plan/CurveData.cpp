// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/CurveData.h"

#include "models/ConditionsText.h"
#include "models/SessionModel.h"
#include "panels/evaluate/EvaluationModel.h"
#include "panels/plan/CurveLines.h"
#include "panels/search/SearchWords.h"
#include "session/Measurements.h"

#include <QCoreApplication>

#include <algorithm>

namespace secateur::ui {
namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("CurveData", text);
}

double figure(const ModelFigures &figures, CurveAxis axis)
{
    switch (axis) {
    case CurveAxis::LayerParameters:
        return double(figures.layerParameters);
    case CurveAxis::ModelParameters:
        return double(figures.modelParameters);
    case CurveAxis::Bytes:
        return double(figures.bytes);
    case CurveAxis::FlopPerToken:
        return double(figures.flopPerToken);
    case CurveAxis::KvBytesPerToken:
        return double(figures.kvBytesPerToken);
    }
    return 0;
}

/// The unit of an axis with an SI prefix, and what one of it is.
struct Scale {
    double unit;
    QString name;
};

Scale scaleFor(double dense, CurveAxis axis)
{
    const QString unit = axis == CurveAxis::Bytes || axis == CurveAxis::KvBytesPerToken ? QStringLiteral("B") : QString();
    if (dense >= 1e9)
        return {1e9, QStringLiteral("G") + unit};
    if (dense >= 1e6)
        return {1e6, QStringLiteral("M") + unit};
    if (dense >= 1e3)
        return {1e3, QStringLiteral("k") + unit};
    return {1, unit};
}

} // namespace

QString curveAxisName(CurveAxis axis)
{
    switch (axis) {
    case CurveAxis::LayerParameters:
        return tr("Parameters of the layers");
    case CurveAxis::ModelParameters:
        return tr("Parameters of the model");
    case CurveAxis::Bytes:
        return tr("Size of the weights");
    case CurveAxis::FlopPerToken:
        return tr("FLOP per token");
    case CurveAxis::KvBytesPerToken:
        return tr("KV cache per token");
    }
    return {};
}

CurveData curveData(const SessionModel &session, CurveAxis axis, bool isRelative)
{
    CurveData data;
    const double dense = figure(session.denseFigures(), axis);
    const Scale scale = isRelative ? Scale{dense / 100, tr("% of the original")} : scaleFor(dense, axis);
    data.axis = scale.name.isEmpty() ? curveAxisName(axis) : tr("%1, %2").arg(curveAxisName(axis), scale.name);
    if (dense <= 0)
        return data;

    const Session &values = session.session();
    const Measurement *current = session.planEvaluation();
    for (std::size_t i = 0; i < values.measurements.size(); ++i)
        if (isOn(values.measurements[i], values.evaluationText, values.readTexts))
            data.records.push_back(i);
    const bool isMixed = std::ranges::any_of(
        data.records, [&](std::size_t i) { return !areComputedAlike(values.measurements[i], values.measurements[data.records.front()]); });
    for (const std::size_t i : data.records) {
        const Measurement &record = values.measurements[i];
        const bool isDense = record.planHash.empty();
        const ModelFigures figures = figuresOf(session, record);
        CurvePoint point;
        point.x = figure(figures, axis) / scale.unit;
        point.perplexity = record.result.perplexity;
        point.label = record.removed.empty()
                          ? planText(session, record)
                          : tr("%1, without the attention of %2").arg(planText(session, record), layersText(record.removed));
        if (isMixed)
            point.label = tr("%1, computed: %2").arg(point.label, conditionsText(record.computed));
        point.isBorrowedOrder = record.isOrderBorrowed;
        point.isCurrent = &record == current;
        point.isDense = isDense;
        point.planHash = QString::fromStdString(record.planHash);
        if (const std::optional<PlanMethod> method = otherMethodOf(values, record)) {
            point.series = int(*method);
            point.method = QString::fromUtf8(titleOf(*method));
        }
        data.points.push_back(point);
    }
    if (session.balance())
        data.current = figure(session.planFigures(), axis) / scale.unit;
    return data;
}

} // namespace secateur::ui
