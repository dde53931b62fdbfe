// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "widgets/Card.h"

class QLabel;
class QPushButton;

namespace secateur::ui {

class ElidedLabel;
class FactList;
class InlineNote;

/// What the open model is made of, and whether its weights fit into memory. Hidden without a model.
class ModelCard : public Card {
    Q_OBJECT
public:
    explicit ModelCard(Workbench workbench, QWidget *parent = nullptr);

    void focusNextStep(); ///< the keyboard goes to what people do next with the model

signals:
    void pruneRequested(); ///< all of it in one go
    void nextRequested();  ///< step by step

protected:
    void showEvent(QShowEvent *event) override;

private:
    void follow();
    void followMemory();
    void locate();

    Workbench m_workbench;
    ElidedLabel *m_name, *m_folder;
    FactList *m_facts;
    InlineNote *m_memory, *m_problem, *m_notes;
    QPushButton *m_prune, *m_next, *m_locate;
    QLabel *m_reason;
};

} // namespace secateur::ui
