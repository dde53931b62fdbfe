// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTextDocument>
#include <QWidget>

namespace secateur::ui {

/// A formula in a fixed-width font on a raised surface, with numbers that follow a gesture: a new text costs no layout of the
/// surroundings unless it needs another number of lines.
class FormulaCard : public QWidget {
    Q_OBJECT
public:
    explicit FormulaCard(QWidget *parent = nullptr);

    /// HTML: lines by <br>, <b> for the result.
    void setFormula(const QString &html);
    QString text() const { return m_document.toPlainText(); }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void applyFont();
    void fit();

    QTextDocument m_document;
    QString m_html;
    int m_height = 0;
};

} // namespace secateur::ui
