// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"
#include "panels/parts/Workbench.h"

#include <QWidget>
#include <cstdint>
#include <optional>
#include <vector>

class QCheckBox;
class QHBoxLayout;
class QPlainTextEdit;
class QPushButton;

namespace secateur::ui {

class AskedModels;
class BusyReason;
class CopyButton;
class JobButton;
class NumberBox;
class WritingColumn;

/// Lets several models write on from one prompt, and shows their texts side by side as they come, with the first token at which they part.
class WritingView : public QWidget {
    Q_OBJECT
public:
    /// `models`: whom it asks.
    WritingView(Workbench workbench, const AskedModels &models, QWidget *parent = nullptr);

    void setPrompt(const QString &prompt);
    GenerationSettings settings() const;
    const std::vector<WritingColumn *> &columns() const { return m_columns; }
    bool isRunning() const;
    void start();
    void stop();

protected:
    void showEvent(QShowEvent *event) override;

private:
    QLayout *layOutPrompt();
    QLayout *layOutSettings();
    QLayout *layOutActions();
    NumberBox *number(const QString &name, const QString &label, double least, double most, double value, int decimals, QLayout &row,
                      const QString &toolTip);
    void connectControls();
    void follow();
    void followNames();
    void begin(const PlaygroundRun &run);
    void take(const WrittenToken &token);
    void finish(const std::vector<Generation> &texts);
    void setColumns(std::size_t count);
    void compareAt(std::size_t column, std::size_t token);
    void tellDifference(std::size_t column, std::size_t token);
    void clear();
    QString copied() const;

    Workbench m_workbench;
    const AskedModels &m_models;
    QPlainTextEdit *m_prompt;
    QPushButton *m_prompts, *m_stop;
    NumberBox *m_tokens = nullptr, *m_temperature = nullptr, *m_topK = nullptr, *m_topP = nullptr, *m_seed = nullptr;
    QCheckBox *m_chat;
    JobButton *m_start;
    BusyReason *m_busy;
    CopyButton *m_copyTexts, *m_copyCommand;
    QHBoxLayout *m_row; ///< of the columns

    std::vector<WritingColumn *> m_columns;                ///< at least one
    std::vector<std::optional<std::size_t>> m_differences; ///< of each column: the first token that is not that of the first column
    std::optional<PlaygroundRun> m_run;                    ///< whose texts these are; none before the first
    GenerationSettings m_asked;                            ///< of the last run that was started here
    GenerationSettings m_shown;                            ///< of m_run
};

/// What a job of the playground does beside its work, before it starts: it searches first, or another job waits for it. Empty: nothing.
QString playgroundCostText(const Workbench &workbench, const PlaygroundModels &models);

} // namespace secateur::ui
