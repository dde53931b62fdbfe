// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/ComparePanel.h"

#include "commands/PlanEditor.h"
#include "foundation/AtomicPath.h"
#include "foundation/Failures.h"
#include "models/SessionModel.h"
#include "panels/compare/AddedSessions.h"
#include "panels/compare/CompareModel.h"
#include "panels/compare/CompareTable.h"
#include "panels/compare/ComparisonCard.h"
#include "panels/compare/PlanDifferenceView.h"
#include "panels/compare/QualityView.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/EmptyState.h"
#include "panels/parts/InBackground.h"
#include "theme/Icons.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

constexpr int kSoon = 150; ///< milliseconds, in which changes that come together are one

} // namespace

ComparePanel::ComparePanel(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_pages(new QStackedLayout(this)),
      m_empty(new EmptyState),
      m_model(new CompareModel(workbench.session, this)),
      m_table(new CompareTable(*m_model)),
      m_filter(new QLineEdit),
      m_columns(new QPushButton(tr("Columns"))),
      m_add(new QPushButton(tr("Add sessions…"))),
      m_remove(new QPushButton(tr("Remove added"))),
      m_measure(new QPushButton(tr("Measure the table…"))),
      m_use(new QPushButton(tr("Make current"))),
      m_save(new QPushButton(icon(QStringLiteral("save")), tr("Save as CSV…"))),
      m_copy(new CopyButton(tr("Copy table"), [this] { return m_model->separated(QLatin1Char('\t')); })),
      m_note(new InlineNote),
      m_card(new ComparisonCard(workbench)),
      m_pair(new PlanDifferenceView(workbench.selection)),
      m_chart(new QualityView(workbench)),
      m_others(new AddedSessions(this))
{
    explainBy(*this, ConceptId::Perplexity);
    m_soon.setSingleShot(true);
    m_soon.setInterval(kSoon);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(makeContent());
    m_empty->sayNoModel();
    connect(m_empty, &EmptyState::openRequested, this, &ComparePanel::openRequested);
    connectTable();
    connectModels();
    restart();
}

QWidget *ComparePanel::makeContent()
{
    m_card->hide();
    m_pair->hide();
    m_table->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    auto *column = new QWidget;
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(10);
    layout->addWidget(headingLabel(tr("Compare")));
    layout->addWidget(
        captionLabel(tr("Every plan of this session with all that was measured of it. Choose two rows to see them side by side.")));
    layout->addLayout(makeSearch());
    layout->addWidget(m_card);
    layout->addWidget(m_table);
    layout->addLayout(makeActions());
    layout->addWidget(m_pair);
    layout->addWidget(m_chart, 1);

    auto *scroll = new QScrollArea;
    scroll->setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(column);
    return scroll;
}

QLayout *ComparePanel::makeSearch()
{
    m_filter->setPlaceholderText(tr("Find by name or method"));
    m_filter->setAccessibleName(tr("Find plans by name or method"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setMaximumWidth(m_filter->fontMetrics().averageCharWidth() * 40);
    m_columns->setToolTip(tr("Which columns are shown; a right click on a heading asks the same"));
    m_measure->setCheckable(true);
    m_measure->setAccessibleName(tr("Measure the table"));
    auto *row = new QHBoxLayout;
    row->addWidget(m_filter, 1);
    row->addWidget(m_columns);
    row->addWidget(m_add);
    row->addWidget(m_remove);
    row->addStretch();
    row->addWidget(m_measure);
    return row;
}

QLayout *ComparePanel::makeActions()
{
    auto *room = new QWidget; // stays when the note has nothing to say, so that no button grows
    auto *note = new QHBoxLayout(room);
    note->setContentsMargins(0, 0, 0, 0);
    note->addWidget(m_note, 1, Qt::AlignVCenter);
    auto *row = new QHBoxLayout;
    row->addWidget(m_use);
    row->addWidget(room, 1);
    row->addWidget(m_copy);
    row->addWidget(m_save);
    return row;
}

void ComparePanel::connectTable()
{
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString &words) {
        m_table->setFilter(words);
        followSelection();
    });
    auto *columns = new QMenu(this);
    connect(columns, &QMenu::aboutToShow, this, [this, columns] {
        columns->clear();
        m_table->fillColumnMenu(*columns);
    });
    m_columns->setMenu(columns);
    connect(m_add, &QPushButton::clicked, this, &ComparePanel::chooseFile);
    connect(m_remove, &QPushButton::clicked, this, [this] {
        m_add->setFocus(); // the button goes
        m_others->clear();
    });
    connect(m_others, &AddedSessions::changed, this, &ComparePanel::showRows);
    connect(m_others, &AddedSessions::failed, this,
            [this](const QString &sentence, const QString &remedy) { m_note->say(InlineNote::Kind::Problem, sentence, remedy); });
    connect(m_measure, &QPushButton::toggled, m_card, &QWidget::setVisible);
    connect(m_card, &ComparisonCard::closed, m_measure, [this] {
        m_measure->setChecked(false);
        m_measure->setFocus();
    });
    connect(m_use, &QPushButton::clicked, this, &ComparePanel::useSelected);
    connect(m_table, &CompareTable::activated, this, &ComparePanel::useSelected);
    connect(m_table, &CompareTable::selectedRowsChanged, this, &ComparePanel::followSelection);
    connect(m_save, &QPushButton::clicked, this, &ComparePanel::chooseCsv);
    connect(m_chart, &QualityView::rowClicked, this, &ComparePanel::takeRow);
}

void ComparePanel::connectModels()
{
    const SessionModel &session = m_workbench.session;
    connect(&session, &SessionModel::modelChanged, this, &ComparePanel::restart);
    for (const auto changed : {&SessionModel::draftChanged, &SessionModel::plansChanged, &SessionModel::evaluationsChanged,
                               &SessionModel::pinsChanged, &SessionModel::calibrationsChanged, &SessionModel::comparedRowsChanged})
        connect(&session, changed, this, &ComparePanel::follow);
    connect(&session, &SessionModel::searchChanged, this, [this] { // it tells of every loss
        const SearchState state = m_workbench.session.searchState();
        if (std::exchange(m_searchState, state) != state)
            follow();
    });
    connect(&m_workbench.editor, &PlanEditor::dragEnded, this, &ComparePanel::follow);
    connect(&m_soon, &QTimer::timeout, this, &ComparePanel::makeTable);
    connect(&m_making, &QFutureWatcher<ComparedSession>::finished, this, &ComparePanel::takeTable);
}

void ComparePanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (m_isBehind)
        makeTable();
}

// ---- the table ----------------------------------------------------------------------------------------------------------------

/// Another session: nothing of the one before is shown any more.
void ComparePanel::restart()
{
    m_own = {};
    m_asked.reset();
    m_measure->setChecked(false);
    m_pages->setCurrentIndex(m_workbench.session.hasModel() ? 1 : 0);
    showRows();
    follow();
}

void ComparePanel::follow()
{
    m_isBehind = true;
    if (isVisible() && !m_workbench.editor.isDragging() && !m_soon.isActive())
        m_soon.start();
}

/// One at a time: what changes meanwhile is looked at afterwards.
void ComparePanel::makeTable()
{
    if (!m_workbench.session.hasModel() || m_making.isRunning())
        return;
    m_isBehind = false;
    m_asked = std::make_shared<const Session>(m_workbench.session.session());
    m_making.setFuture(inBackground([session = m_asked] { return comparedSession({}, session); }));
}

void ComparePanel::takeTable()
{
    if (std::exchange(m_asked, {})) {
        try {
            m_own = m_making.result();
            showRows();
        } catch (const std::exception &thrown) {
            const Error problem = asError(thrown);
            m_note->say(InlineNote::Kind::Problem, QString::fromStdString(problem.what()), QString::fromStdString(problem.plainHint()));
        }
    }
    if (m_isBehind && isVisible())
        m_soon.start();
}

/// The plans of all sessions, and what became of methods that found none.
CompareRows ComparePanel::rowsNow() const
{
    if (!m_own.session)
        return {};
    std::vector<ComparedSession> sessions = {m_own};
    for (const ComparisonRow &row : m_workbench.session.comparedRows())
        if (row.method && row.planHash.empty() && !row.problem.empty())
            sessions.front().table.rows.push_back({.row = row, .name = {}, .draft = {}, .isCurrent = false, .differs = {}});
    sessions.insert(sessions.end(), m_others->all().begin(), m_others->all().end());
    return together(std::move(sessions));
}

void ComparePanel::showRows()
{
    std::vector<std::string> selected;
    for (const std::size_t row : m_table->selectedRows())
        selected.push_back(m_model->rows().keyOf(row));
    m_pairOfKeys.clear(); // the plans may have the same names and other numbers
    {
        const QSignalBlocker quiet(m_table); // until the rows are chosen again
        m_model->setRows(rowsNow());
        std::vector<std::size_t> again;
        for (std::size_t row = 0; row < m_model->rows().rows.size(); ++row)
            if (std::ranges::find(selected, m_model->rows().keyOf(row)) != selected.end())
                again.push_back(row);
        m_table->select(again);
    }
    m_remove->setVisible(!m_others->all().empty());
    enableUnless(m_workbench.session.hasModel() ? QString() : tr("Open a model first."), *m_add,
                 tr("Plans of other session files (.secateur), beside those of this one"));
    m_chart->showRows(m_model->rows());
    followSelection();
}

void ComparePanel::followSelection()
{
    const CompareRows &rows = m_model->rows();
    const std::vector<std::size_t> selected = m_table->selectedRows();
    const QString nothing = rows.rows.empty() ? tr("There is no table yet.") : QString();
    m_copy->setProblem(nothing);
    enableUnless(nothing, *m_save, {});
    enableUnless(useProblem(), *m_use, tr("Makes the plan of the selected row the current one (Enter); undo goes back"));
    if (const QString text = hint(); text.isEmpty())
        m_note->clear();
    else
        m_note->say(InlineNote::Kind::Info, text);

    std::vector<std::string> keys;
    for (const std::size_t row : selected)
        keys.push_back(rows.keyOf(row));
    m_pair->setVisible(selected.size() == 2);
    if (selected.size() == 2 && keys != m_pairOfKeys)
        m_pair->showRows(rows, selected[0], selected[1]);
    m_pairOfKeys = keys;

    m_chart->setSelected(selected);
}

QString ComparePanel::hint() const
{
    const CompareRows &rows = m_model->rows();
    if (rows.rows.empty())
        return tr("The table is being made.");
    if (m_table->shownRows() == 0)
        return tr("No plan has these words in its name or method.");
    if (rows.rows.size() == 1)
        return tr("No plans yet. Calibrate, open a plan, or measure the table: each plan is a row here.");
    const std::vector<std::size_t> selected = m_table->selectedRows();
    if (selected.size() == 1) {
        const PlanTableRow &plan = rows.rows[selected.front()].plan;
        return plan.row.problem.empty() ? useProblem() : QString::fromStdString(plan.row.problem);
    }
    return selected.size() > 2 ? tr("Choose two rows to see them side by side.") : QString();
}

QString ComparePanel::useProblem() const
{
    const std::vector<std::size_t> selected = m_table->selectedRows();
    if (selected.size() != 1)
        return tr("Choose one row.");
    const CompareRows &rows = m_model->rows();
    const PlanTableRow &plan = rows.rows[selected.front()].plan;
    if (rows.isOfOthers(selected.front()))
        return tr("This plan is of another session: open that to use it.");
    if (!plan.row.method)
        return tr("This is the original.");
    if (plan.isCurrent)
        return tr("This is the current plan.");
    if (!plan.draft)
        return tr("Only measurements are left of this plan.");
    return m_workbench.session.readOnlyReason();
}

void ComparePanel::useSelected()
{
    if (!useProblem().isEmpty())
        return;
    const CompareRow row = m_model->rows().rows[m_table->selectedRows().front()];
    m_workbench.editor.useDraft(*row.plan.draft, tr("Use the plan %1").arg(planName(row)));
}

/// A point of the chart was clicked: its row is selected, or with others.
void ComparePanel::takeRow(std::size_t row, bool isAdded)
{
    std::vector<std::size_t> rows = isAdded ? m_table->selectedRows() : std::vector<std::size_t>();
    if (std::erase(rows, row) == 0)
        rows.push_back(row);
    m_table->select(rows);
}

// ---- files --------------------------------------------------------------------------------------------------------------------

void ComparePanel::chooseFile()
{
    for (const QString &file : QFileDialog::getOpenFileNames(this, tr("Add the plans of other sessions"), {}, tr("Sessions (*.secateur)")))
        addFile(file);
}

void ComparePanel::addFile(const QString &file)
{
    m_others->add(file);
}

void ComparePanel::chooseCsv()
{
    const QString file =
        QFileDialog::getSaveFileName(this, tr("Save the table"), QStringLiteral("plans.csv"), tr("Comma-separated values (*.csv)"));
    if (!file.isEmpty())
        saveCsv(file);
}

void ComparePanel::saveCsv(const QString &file)
{
    try {
        writeFileAtomically(file.toStdString(), m_model->separated(QLatin1Char(',')).toStdString());
        m_note->say(InlineNote::Kind::Success, tr("Saved as %1.").arg(file));
    } catch (const Error &problem) {
        m_note->say(InlineNote::Kind::Problem, QString::fromStdString(problem.what()), QString::fromStdString(problem.plainHint()));
    }
}

} // namespace secateur::ui
