// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/WidthDialog.h"

#include "commands/PlanEditor.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "panels/parts/WheelGuard.h"
#include "panels/plan/ShelfWords.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {

WidthDialog::WidthDialog(Workbench workbench, qint64 layer, QWidget *parent)
    : QDialog(parent),
      m_workbench(workbench),
      m_layer(layer),
      m_width(new QSpinBox),
      m_all(new QCheckBox(tr("One width for all layers"))),
      m_note(new InlineNote),
      m_set(new QPushButton(tr("Set width")))
{
    const SessionModel &session = workbench.session;
    const auto at = std::size_t(layer);
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Width of layer %1").arg(layer));
    m_width->setAccessibleName(tr("Neurons that stay in layer %1").arg(layer));
    m_width->setRange(1, int(session.spec().layers[at].neurons()));
    m_width->setValue(int(std::max<std::int64_t>(1, session.planSpec().layers[at].neurons())));
    m_width->setGroupSeparatorShown(true);
    new WheelGuard(*m_width);
    m_set->setDefault(true);
    m_set->setProperty("primary", true);
    auto *cancel = new QPushButton(tr("Cancel"));
    cancel->setAutoDefault(false);

    auto *name = new QLabel(tr("Neurons that stay"));
    name->setBuddy(m_width);
    auto *row = new QHBoxLayout;
    row->addWidget(name);
    row->addWidget(m_width);
    row->addWidget(new QLabel(tr("of %1").arg(exactText(session.spec().layers[at].neurons()))));
    row->addStretch(1);
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(m_set);
    buttons->addWidget(cancel);
    auto *column = new QVBoxLayout(this);
    column->setSpacing(10);
    column->addWidget(headingLabel(tr("Width of layer %1").arg(layer)));
    column->addWidget(captionLabel(tr("The neurons with the highest scores stay. 2SSP itself gives every layer the same width.")));
    column->addLayout(row);
    column->addWidget(m_all);
    column->addWidget(m_note, 1);
    column->addLayout(buttons);
    setMinimumWidth(fontMetrics().averageCharWidth() * 60);

    connect(m_width, &QSpinBox::valueChanged, this, &WidthDialog::follow);
    connect(m_all, &QCheckBox::toggled, this, &WidthDialog::follow);
    connect(m_set, &QPushButton::clicked, this, &WidthDialog::apply);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(&session, &SessionModel::modelChanged, this, &QDialog::reject); // the layer is of the session before
    connect(&session, &SessionModel::draftChanged, this, &WidthDialog::follow);
    follow();
}

std::vector<std::int64_t> WidthDialog::widths() const
{
    const SessionModel &session = m_workbench.session;
    std::vector<std::int64_t> all;
    for (std::int64_t layer = 0; layer < session.layerCount(); ++layer) {
        const std::int64_t dense = session.spec().layers[std::size_t(layer)].neurons(),
                           now = session.planSpec().layers[std::size_t(layer)].neurons();
        const bool isAsked = m_all->isChecked() || layer == m_layer;
        all.push_back(isAsked ? std::min<std::int64_t>(m_width->value(), dense) : std::min(std::max<std::int64_t>(now, 1), dense));
    }
    return all;
}

bool WidthDialog::staysTwoSsp() const
{
    return m_all->isChecked() && !m_workbench.session.shelfPlan() && m_workbench.session.hasScores();
}

void WidthDialog::follow()
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel() || m_layer >= session.layerCount())
        return;
    const QString problem = setWidthProblem(m_workbench, m_layer);
    enableUnless(problem, *m_set, tr("Undo brings the plan back as it was"));
    if (!problem.isEmpty())
        return m_note->say(InlineNote::Kind::Problem, problem);
    if (staysTwoSsp())
        return m_note->say(InlineNote::Kind::Info, tr("The plan stays 2SSP, with K set by hand."));
    const ShelfPlan *shelf = session.shelfPlan();
    const QString what = shelf && shelf->plan.restoration ? tr("Not 2SSP: a plan by hand, without the fitted weights of this one.")
                                                          : tr("Not 2SSP: a plan by hand.");
    const ModelSpec after = prunedSpec(session.spec(), widths(), session.removalOrder());
    m_note->say(InlineNote::Kind::Warning, what, remainingTargetsText(session.spec(), after));
}

void WidthDialog::apply()
{
    if (!setWidthProblem(m_workbench, m_layer).isEmpty())
        return;
    const QString number = exactText(m_width->value());
    if (staysTwoSsp())
        m_workbench.editor.setNeuronsKept(m_width->value());
    else
        m_workbench.jobs.setWidths(widths(), m_all->isChecked() ? tr("Width of all layers: %1").arg(number)
                                                                : tr("Width of layer %1: %2").arg(m_layer).arg(number));
    accept();
}

QString setWidthProblem(const Workbench &workbench, qint64 layer)
{
    const SessionModel &session = workbench.session;
    if (const QString problem = workbench.jobs.widthsProblem(); !problem.isEmpty())
        return problem;
    return session.spec().layers[std::size_t(layer)].ffn ? QString() : WidthDialog::tr("Layer %1 has no FFN.").arg(layer);
}

void askForWidth(const Workbench &workbench, qint64 layer, QWidget *parent)
{
    (new WidthDialog(workbench, layer, parent))->show();
}

} // namespace secateur::ui
