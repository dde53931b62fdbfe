// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/Figure.h"

#include <QDialog>
#include <QSize>
#include <functional>

class QComboBox;
class QDoubleSpinBox;
class QLabel;

namespace secateur::ui {

/// Asks in which format, how wide, how sharp and in which colours a figure is to be saved, and says what comes of it.
class FigureDialog : public QDialog {
    Q_OBJECT
public:
    /// `sizeOf`: what a figure with such options measures, in logical pixels, of which `dotsPerInch` are an inch. Begins with the options
    /// chosen last.
    FigureDialog(std::function<QSize(const FigureOptions &)> sizeOf, int dotsPerInch, const QString &caption, QWidget *parent);

    FigureOptions options() const;

private:
    void offer(const FigureOptions &options);
    void follow();

    std::function<QSize(const FigureOptions &)> m_sizeOf;
    int m_dotsPerInch;
    QComboBox *m_format, *m_width, *m_scale, *m_look;
    QDoubleSpinBox *m_millimetres;
    QLabel *m_measures;
};

} // namespace secateur::ui
