// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/FiguresSaving.h"

#include <QDialog>
#include <QTimer>

#include <vector>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLineEdit;
class QListWidget;
class QPushButton;

namespace secateur::ui {

/// Asks which of the window's figures are to be saved, where, in which formats, how large and in which colours. What was chosen last is offered again.
class FiguresDialog : public QDialog {
    Q_OBJECT
public:
    FiguresDialog(std::vector<FigureOfPage> figures, const QString &folder, QWidget *parent);

    FiguresWanted wanted() const;

private:
    void buildList();
    void buildForm(const QString &folder);
    void offer(const FigureOptions &options);
    void chooseFolder();
    void followPlots();
    void follow();
    double millimetres() const; ///< 0: as on the screen
    QStringList formats() const;
    QString problem() const; ///< why nothing can be saved; empty: it can

    std::vector<FigureOfPage> m_figures;
    QListWidget *m_list;
    QCheckBox *m_png, *m_svg, *m_pdf, *m_csv;
    QComboBox *m_width, *m_unit, *m_scale, *m_look;
    QDoubleSpinBox *m_own;
    QLineEdit *m_folder;
    QPushButton *m_save = nullptr;
    QTimer m_again; ///< figures are made in the background: what has none yet may have one soon
};

} // namespace secateur::ui
