// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/TargetControls.h"

#include "commands/PlanEditor.h"
#include "models/SessionModel.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/WheelGuard.h"
#include "theme/ChoiceBox.h"
#include "theme/Icons.h"
#include "widgets/Enabling.h"
#include "widgets/Quantity.h"
#include "widgets/SegmentedControl.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QToolButton>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>

namespace secateur::ui {
namespace {

constexpr std::array kPresets = {0.25, 0.375, 0.5};
constexpr std::array kMultiples = {1, 8, 16, 32, 64, 128, 256};

} // namespace

TargetControls::TargetControls(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_presets(new SegmentedControl(tr("Target sparsity"))),
      m_sparsity(new QDoubleSpinBox),
      m_alpha(new QDoubleSpinBox),
      m_resetAlpha(new QToolButton),
      m_multiple(new ChoiceBox)
{
    layOut();
    connectEdits();
}

void TargetControls::layOut()
{
    for (const double preset : kPresets)
        m_presets->addChoice(targetText(preset));
    m_sparsity->setAccessibleName(tr("Target sparsity, percent"));
    m_sparsity->setRange(0.1, 99.9);
    m_sparsity->setDecimals(1);
    m_sparsity->setSingleStep(0.1);
    m_sparsity->setSuffix(tr(" %"));
    m_alpha->setAccessibleName(tr("Alpha of the rule"));
    m_alpha->setRange(0.01, 1000);
    m_alpha->setDecimals(2);
    m_alpha->setSingleStep(0.1);
    for (QDoubleSpinBox *box : {m_sparsity, m_alpha})
        box->setKeyboardTracking(false); // a number that is typed is one change, not one a digit
    m_resetAlpha->setIcon(icon(QStringLiteral("undo")));
    m_resetAlpha->setAutoRaise(true);
    m_resetAlpha->setFocusPolicy(Qt::StrongFocus);
    m_resetAlpha->setAccessibleName(tr("Reset alpha"));
    m_multiple->setAccessibleName(tr("Width multiple"));
    explainBy(*m_multiple, ConceptId::UniformWidth);
    for (const int multiple : kMultiples)
        m_multiple->addItem(locale().toString(multiple), multiple);
    for (QWidget *control : std::initializer_list<QWidget *>{m_sparsity, m_alpha, m_multiple})
        new WheelGuard(*control);

    auto *grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(4);
    const auto place = [grid](const QString &caption, std::initializer_list<QWidget *> controls, int column) {
        auto *label = new QLabel(caption);
        label->setBuddy(*controls.begin());
        label->setForegroundRole(QPalette::PlaceholderText);
        grid->addWidget(label, 0, column, 1, int(controls.size()));
        for (QWidget *control : controls)
            grid->addWidget(control, 1, column++);
    };
    place(tr("Target sparsity of the decoder layers"), {m_presets, m_sparsity}, 0);
    place(tr("Alpha"), {m_alpha, m_resetAlpha}, 3);
    place(tr("Width multiple"), {m_multiple}, 6);
    grid->setColumnMinimumWidth(2, 8);
    grid->setColumnMinimumWidth(5, 4);
    grid->setColumnStretch(7, 1);
}

void TargetControls::connectEdits()
{
    PlanEditor &editor = m_workbench.editor;
    connect(m_presets, &SegmentedControl::chosen, this, [&editor](int index) { editor.setSparsity(kPresets.at(std::size_t(index))); });
    connect(m_sparsity, &QDoubleSpinBox::valueChanged, this, [&editor](double percent) { editor.setSparsity(percent / 100); });
    connect(m_alpha, &QDoubleSpinBox::valueChanged, this, [&editor](double alpha) { editor.setAlpha(alpha); });
    connect(m_resetAlpha, &QToolButton::clicked, this, [&editor] { editor.setAlpha(BalanceSettings().alpha); });
    connect(m_multiple, &QComboBox::activated, this,
            [this, &editor](int index) { editor.setWidthMultiple(m_multiple->itemData(index).toLongLong()); });
}

void TargetControls::follow()
{
    const SessionModel &session = m_workbench.session;
    const BalanceSettings &settings = session.draft().balance;
    const QSignalBlocker sparsity(m_sparsity), alpha(m_alpha);
    const auto preset =
        std::find_if(kPresets.begin(), kPresets.end(), [&](double value) { return std::abs(value - settings.sparsity) < 1e-9; });
    const bool isFollowed = preset != kPresets.end() && !settings.neuronsKept && !session.shelfPlan(); // K by hand gives another sparsity
    m_presets->setCurrent(isFollowed ? int(preset - kPresets.begin()) : -1);
    const bool isReached = session.shelfPlan() && session.balance(); // chosen neurons follow no target
    m_sparsity->setValue((isReached ? session.balance()->sparsityLayers() : settings.sparsity) * 100);
    m_alpha->setValue(settings.alpha);
    const bool isPapers = settings.alpha == BalanceSettings().alpha;
    const QString papers = locale().toString(BalanceSettings().alpha);
    const QString problem = session.widthProblem();
    const QString noReset = isPapers ? tr("Alpha is %1 already, as in the paper.").arg(papers) : problem;
    enableUnless(noReset, *m_resetAlpha, tr("Back to %1, the paper's").arg(papers));
    int multiple = m_multiple->findData(qlonglong(settings.widthMultiple));
    if (multiple < 0) { // from a session that was made elsewhere
        m_multiple->addItem(exactText(settings.widthMultiple), qlonglong(settings.widthMultiple));
        multiple = m_multiple->count() - 1;
    }
    m_multiple->setCurrentIndex(multiple);
    enableUnless(problem, *m_presets, {});
    enableUnless(problem, *m_sparsity, {});
    enableUnless(problem, *m_alpha, tr("The larger alpha, the more attentions the rule removes; the paper uses %1.").arg(papers));
    enableUnless(problem, *m_multiple, tr("K is rounded to a multiple of this: hardware likes 64 or 128, the paper uses 1."));
}

} // namespace secateur::ui
