// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "pruning/RestorationRecord.h"

#include <QWidget>
#include <optional>

class QLabel;

namespace secateur {
struct PruningPlan;
}

namespace secateur::ui {

class CopyButton;
class QualityChart;
class RecordTable;
class RestorationModel;

/// What a restoration gained: its steps as a table, the numbers of removals that were tried, and what had to be done otherwise than asked.
class RestorationResult : public QWidget {
    Q_OBJECT
public:
    explicit RestorationResult(Workbench workbench, QWidget *parent = nullptr);

    void showPlan(const PruningPlan &plan);             ///< a restored one
    void showProgress(const RestorationRecord &record); ///< of one that is being made

private:
    void showRecord(const RestorationRecord &record, std::optional<std::int64_t> removals);
    void showRemovals(const RestorationRecord &record, std::optional<std::int64_t> chosen);

    Workbench m_workbench;
    RestorationModel *m_model;
    RecordTable *m_table;
    CopyButton *m_copy;
    QualityChart *m_chart; ///< of the numbers of removals
    QLabel *m_facts, *m_notes;
};

} // namespace secateur::ui
