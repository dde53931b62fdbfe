// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/explain/ExplainPanel.h"

#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/explain/ConceptCard.h"
#include "widgets/CopyButton.h"
#include "widgets/Labels.h"
#include "widgets/ScrolledColumn.h"

#include <QApplication>
#include <QBoxLayout>
#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QScrollBar>
#include <QSignalBlocker>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

constexpr int kRest = 350;                   ///< milliseconds
constexpr int kListRows = 5, kLeastRows = 2; ///< that are seen at once above the card, and in any case

} // namespace

ExplainPanel::ExplainPanel(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_concepts(concepts()),
      m_find(new QLineEdit),
      m_list(new QListWidget),
      m_none(captionLabel({})),
      m_follow(new QCheckBox(tr("Follow the focus"))),
      m_card(new ConceptCard),
      m_scroll(new ScrolledColumn(m_card))
{
    setAccessibleName(tr("Explain"));
    makeList();
    layOut();
    followModels();
    showConcept(m_shown);
}

void ExplainPanel::makeList()
{
    m_find->setAccessibleName(tr("Find a card"));
    m_find->setPlaceholderText(tr("Find a card"));
    m_list->setAccessibleName(tr("Cards"));
    m_list->setTextElideMode(Qt::ElideRight);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setUniformItemSizes(true);
    m_none->hide();
    for (const Concept &each : m_concepts) {
        auto *item = new QListWidgetItem(each.title, m_list);
        item->setToolTip(each.what);
        item->setData(Qt::AccessibleDescriptionRole, QString(each.what + u' ' + each.reading));
    }
    m_follow->setChecked(true);
    m_follow->setToolTip(tr("Shows what the part of the window is about that has the focus or that you point at"));
    connect(m_find, &QLineEdit::textChanged, this, &ExplainPanel::filter);
    connect(m_find, &QLineEdit::returnPressed, this, [this] {
        for (int row = 0; row < m_list->count(); ++row)
            if (!m_list->item(row)->isHidden())
                return m_list->setCurrentRow(row);
    });
    connect(m_list, &QListWidget::currentItemChanged, this, &ExplainPanel::choose);
}

void ExplainPanel::layOut()
{
    auto *copy = new CopyButton(tr("Copy"), [this] { return m_card->text(); });
    copy->setAccessibleName(tr("Copy the card as text"));
    copy->setProblem({}, tr("Copies the card as plain text"));
    auto *row = new QHBoxLayout;
    row->addWidget(m_find, 1);
    row->addWidget(copy);
    auto *top = new QVBoxLayout;
    top->setContentsMargins(12, 8, 12, 4);
    top->setSpacing(6);
    top->addLayout(row);
    top->addWidget(m_list, 1);
    top->addWidget(m_none);
    top->addWidget(m_follow);
    m_find->setMinimumWidth(80);
    m_list->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Expanding);
    m_parts = new QBoxLayout(QBoxLayout::TopToBottom, this);
    m_parts->setContentsMargins(0, 0, 0, 0);
    m_parts->setSpacing(2);
    m_parts->addLayout(top, 1);
    m_parts->addWidget(m_scroll, 3);
    QWidget *last = m_find;
    for (QWidget *next : std::initializer_list<QWidget *>{copy, m_list, m_follow}) // as they lie
        setTabOrder(std::exchange(last, next), next);
}

/// A few rows above the card; beside it as many as there is room for.
void ExplainPanel::fitList()
{
    const int row = std::max(1, m_list->sizeHintForRow(0)), frame = 2 * m_list->frameWidth();
    m_list->setMinimumHeight(kLeastRows * row + frame);
    m_list->setMaximumHeight(m_parts->direction() == QBoxLayout::TopToBottom ? kListRows * row + frame : QWIDGETSIZE_MAX);
}

void ExplainPanel::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    const auto direction = 2 * width() > 3 * height() ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom;
    if (direction == m_parts->direction())
        return;
    m_parts->setDirection(direction);
    fitList();
}

void ExplainPanel::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        fitList();
}

void ExplainPanel::followModels()
{
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, &ExplainPanel::followNumbers);
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRest);
    connect(&m_rest, &QTimer::timeout, this, [this] {
        if (m_underPointer && isFollowing())
            showConcept(*m_underPointer);
    });
    const auto soon = [this] {
        if (isVisible() && !m_soon.isActive())
            m_soon.start();
    };
    const SessionModel &session = m_workbench.session;
    for (const auto changed :
         {&SessionModel::modelChanged, &SessionModel::draftChanged, &SessionModel::plansChanged, &SessionModel::calibrationsChanged,
          &SessionModel::searchChanged, &SessionModel::evaluationsChanged, &SessionModel::textsChanged, &SessionModel::planHashChanged,
          &SessionModel::blocksInProgressChanged, &SessionModel::restorationInProgressChanged})
        connect(&session, changed, this, soon);
    const SelectionModel &selection = m_workbench.selection;
    for (const auto changed : {&SelectionModel::hoveredLayerChanged, &SelectionModel::selectedLayerChanged, &SelectionModel::stepChanged})
        connect(&selection, changed, this, soon);
    connect(qApp, &QApplication::focusChanged, this, [this](const QWidget *, const QWidget *now) { followWidget(now); });
}

bool ExplainPanel::isFollowing() const
{
    return m_follow->isChecked();
}

/// What the focus went to. A part without a concept leaves the card as it is.
void ExplainPanel::followWidget(const QWidget *widget)
{
    if (!widget || !isVisible() || !isFollowing() || isAncestorOf(widget))
        return;
    if (const std::optional<ConceptId> concerned = conceptOf(widget))
        showConcept(*concerned);
}

/// Of the whole application, while the panel is seen: what the pointer enters, the innermost part last.
bool ExplainPanel::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::Enter && watched->isWidgetType()) {
        const auto *widget = static_cast<const QWidget *>(watched);
        m_underPointer = widget == this || isAncestorOf(widget) ? std::nullopt : conceptOf(widget);
        m_rest.start();
    } else if (event->type() == QEvent::DynamicPropertyChange && watched->isWidgetType() &&
               static_cast<QDynamicPropertyChangeEvent *>(event)->propertyName() == kConcept &&
               static_cast<const QWidget *>(watched)->isAncestorOf(QApplication::focusWidget())) {
        followWidget(QApplication::focusWidget()); // what has the focus is about something else now
    }
    return QWidget::eventFilter(watched, event);
}

void ExplainPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    fitList(); // the style is known now
    qApp->installEventFilter(this);
    followWidget(QApplication::focusWidget());
    followNumbers();
}

void ExplainPanel::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    qApp->removeEventFilter(this);
    m_rest.stop();
}

void ExplainPanel::showConcept(ConceptId id)
{
    if (std::exchange(m_shown, id) != id)
        m_scroll->verticalScrollBar()->setValue(0);
    const Concept &shown = m_concepts[std::size_t(id)];
    m_card->showConcept(shown, shown.live({m_workbench.session, m_workbench.selection}));
    const QSignalBlocker blocker(m_list);
    m_list->setCurrentRow(int(id));
    m_list->scrollToItem(m_list->currentItem());
}

void ExplainPanel::followNumbers()
{
    m_card->showNumbers(m_concepts[std::size_t(m_shown)].live({m_workbench.session, m_workbench.selection}));
}

/// Leaves the cards whose words have all of those.
void ExplainPanel::filter(const QString &words)
{
    const QStringList all = words.simplified().split(u' ', Qt::SkipEmptyParts);
    int left = 0;
    for (int row = 0; row < m_list->count(); ++row) {
        const Concept &each = m_concepts[std::size_t(row)];
        const QString text = each.title + u' ' + each.what + u' ' + QLatin1String(nameOf(each.id));
        const bool isFound =
            std::all_of(all.begin(), all.end(), [&](const QString &word) { return text.contains(word, Qt::CaseInsensitive); });
        m_list->item(row)->setHidden(!isFound);
        left += isFound ? 1 : 0;
    }
    m_none->setText(tr("No card has the words '%1'.").arg(shortened(words, 40)));
    m_none->setVisible(left == 0);
}

void ExplainPanel::choose(const QListWidgetItem *item)
{
    if (item)
        showConcept(ConceptId(m_list->row(item)));
}

} // namespace secateur::ui
