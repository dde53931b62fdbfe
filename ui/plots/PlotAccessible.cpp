// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/PlotAccessible.h"

#include "plots/Canvas.h"
#include "plots/ScorePlots.h"

#include <QAccessible>
#include <QAccessibleWidget>

namespace secateur::ui {
namespace {

/// The plot that a canvas belongs to, if that has a handle and scores.
ScorePlot *plotWithHandle(QWidget *canvas)
{
    for (QWidget *widget = canvas; widget; widget = widget->parentWidget())
        if (auto *plot = qobject_cast<ScorePlot *>(widget))
            return plot->neurons() > 0 ? plot : nullptr;
    return nullptr;
}

class PlotAccessible : public QAccessibleWidget, public QAccessibleValueInterface {
public:
    explicit PlotAccessible(QWidget *canvas) : QAccessibleWidget(canvas, QAccessible::Chart) {}

    QAccessible::Role role() const override { return plotWithHandle(widget()) ? QAccessible::Slider : QAccessible::Chart; }

    QString text(QAccessible::Text kind) const override
    {
        const ScorePlot *plot = plotWithHandle(widget());
        switch (kind) {
        case QAccessible::Value:
            return plot ? plot->keptText() : widget()->accessibleDescription();
        case QAccessible::Description:
            return plot ? plot->layerText(plot->selectedLayer()) : widget()->accessibleDescription();
        case QAccessible::Help:
            return plot ? ScorePlot::tr(
                              "Left and Right change K by 1, with Shift by 16, Page Up and Page Down by a tenth; Home gives it back to "
                              "the balance rule. Up and Down choose a layer. Shift+F10 opens the menu.")
                        : Canvas::tr(
                              "The arrow keys choose what is described. Shift+F10 opens the menu, which shows the numbers as a table.");
        default:
            return QAccessibleWidget::text(kind);
        }
    }

    void *interface_cast(QAccessible::InterfaceType type) override
    {
        if (type == QAccessible::ValueInterface)
            return plotWithHandle(widget()) ? static_cast<QAccessibleValueInterface *>(this) : nullptr;
        return QAccessibleWidget::interface_cast(type);
    }

    QVariant currentValue() const override { return number(&ScorePlot::kept, 0); }
    QVariant maximumValue() const override { return number(&ScorePlot::neurons, 0); }
    QVariant minimumValue() const override { return number(nullptr, 1); }
    QVariant minimumStepSize() const override { return number(nullptr, 1); }

    void setCurrentValue(const QVariant &value) override
    {
        bool isNumber = false;
        const double wanted = value.toDouble(&isNumber);
        if (ScorePlot *plot = plotWithHandle(widget()); plot && isNumber)
            plot->stepTo(wanted);
    }

private:
    QVariant number(std::int64_t (ScorePlot::*of)() const, int otherwise) const
    {
        const ScorePlot *plot = of ? plotWithHandle(widget()) : nullptr;
        return plot ? QVariant(qlonglong((plot->*of)())) : QVariant(otherwise);
    }
};

QAccessibleInterface *makePlotAccessible(const QString &className, QObject *object)
{
    auto *widget = qobject_cast<QWidget *>(object);
    if (widget && className == QLatin1String(Canvas::staticMetaObject.className()))
        return new PlotAccessible(widget);
    if (widget && className == QLatin1String(Plot::staticMetaObject.className()))
        return new QAccessibleWidget(widget, QAccessible::Grouping);
    return nullptr;
}

} // namespace

void installPlotAccessible()
{
    [[maybe_unused]] static const bool isInstalled = (QAccessible::installFactory(&makePlotAccessible), true);
}

} // namespace secateur::ui
