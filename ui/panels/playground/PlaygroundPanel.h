// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QScrollArea>

class QStackedWidget;

namespace secateur::ui {

class AskedModels;
class EmptyState;
class ScoringView;
class SegmentedControl;
class WritingView;

/// Tries a plan beside the original: lets both write on from a prompt, or shows by which tokens of a text they are surprised. Works while a search runs. What
/// comes out stays as long as the session is open.
class PlaygroundPanel : public QScrollArea {
    Q_OBJECT
    Q_PROPERTY(int mode READ mode WRITE setMode) ///< remembered with the session
public:
    enum class Mode { Write, Score };

    explicit PlaygroundPanel(Workbench workbench, QWidget *parent = nullptr);

    int mode() const;
    void setMode(int mode);
    WritingView &writing() const { return *m_writing; }
    ScoringView &scoring() const { return *m_scoring; }

signals:
    void openRequested(); ///< a model

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    void follow();

    Workbench m_workbench;
    EmptyState *m_empty;
    QWidget *m_content;
    SegmentedControl *m_modes;
    AskedModels *m_models;
    QStackedWidget *m_views;
    WritingView *m_writing;
    ScoringView *m_scoring;
};

} // namespace secateur::ui
