// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Labels.h"
#include "widgets/RecordTable.h"

#include <QApplication>
#include <QHeaderView>
#include <QHelpEvent>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QStandardItemModel>
#include <QTest>
#include <QToolTip>

#include <memory>

using namespace secateur::ui;

namespace {

const QString kName(120, u'x');

/// Rows of pixels that are not of the background.
int inkedRows(QWidget &widget)
{
    const QImage picture = widget.grab().toImage();
    int rows = 0;
    for (int y = 0; y < picture.height(); ++y) {
        bool isInked = false;
        for (int x = 0; x < picture.width(); ++x)
            isInked = isInked || picture.pixel(x, y) != picture.pixel(0, 0);
        rows += isInked ? 1 : 0;
    }
    return rows;
}

} // namespace

class TestLabels : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)"))); }

    void wordsWrapAndNamesBreak()
    {
        WrappedLabel label(QStringLiteral("The file '%1' was read.").arg(kName));
        label.setTextFormat(Qt::PlainText);
        const int line = label.fontMetrics().height();
        QVERIFY(label.minimumSizeHint().width() < 200);
        const int height = label.heightForWidth(200);
        QVERIFY(height >= 5 * line); // the name alone takes four lines
        QVERIFY(label.heightForWidth(100) > height);
        label.resize(200, height);
        QVERIFY(inkedRows(label) > 4 * line / 2);
        QVERIFY(label.text().contains(kName)); // what is copied is whole
        label.setText(QStringLiteral("Short words wrap as ever, and so does the rest of them."));
        QCOMPARE(label.heightForWidth(150), label.QLabel::heightForWidth(150));
    }

    void captionsThatDoNotWrapKeepTheirWidth()
    {
        QLabel *caption = captionLabel(QStringLiteral("A caption of many letters in a line"));
        const std::unique_ptr<QLabel> owner(caption);
        caption->setWordWrap(false);
        QVERIFY(caption->minimumSizeHint().width() >= caption->fontMetrics().horizontalAdvance(caption->text()));
    }

    void elidedLabelsSayTheWhole()
    {
        ElidedLabel label;
        label.setWhole(kName);
        QVERIFY(label.minimumSizeHint().width() < 100);
        QCOMPARE(label.toolTip(), kName);
        QCOMPARE(label.accessibleName(), kName);
    }

    /// A change of the size of type sets the style sheet anew (see Theme), of which every widget hears.
    void headingsGrowWithTheType()
    {
        const QFont usual = QApplication::font();
        const auto back = qScopeGuard([&] {
            qApp->setStyleSheet({});
            QApplication::setFont(usual);
        });
        QWidget window;
        QLabel *heading = headingLabel(QStringLiteral("Heading"), &window), *figure = figureLabel(QStringLiteral("12"), &window);
        RecordTable table(QStringLiteral("Rows"), 6, &window);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        const int row = table.verticalHeader()->defaultSectionSize();
        for (const double type : {1.5, 1.0}) {
            QFont font = usual;
            font.setPointSizeF(usual.pointSizeF() * type);
            qApp->setStyleSheet({});
            QApplication::setFont(font);
            QCoreApplication::sendPostedEvents(nullptr, QEvent::ApplicationFontChange);
            qApp->setStyleSheet(QStringLiteral("QLabel[muted=\"true\"] { color: red; }"));
            QCOMPARE(heading->font().pointSizeF(), 1.15 * usual.pointSizeF() * type);
            QCOMPARE(figure->font().pointSizeF(), 1.6 * usual.pointSizeF() * type);
            QVERIFY(heading->font().bold());
            QCOMPARE(table.verticalHeader()->defaultSectionSize() > row, type > 1);
        }
    }

    void columnsOfTablesAreNoWiderThanFortyFourLetters()
    {
        QStandardItemModel model(1, 2);
        model.setItem(0, 0, new QStandardItem(kName));
        model.setItem(0, 1, new QStandardItem(QStringLiteral("1")));
        RecordTable table(QStringLiteral("Names"));
        table.setModel(&model);
        table.resize(600, 120);
        table.show();
        QVERIFY(QTest::qWaitForWindowExposed(&table));
        QVERIFY(table.columnWidth(0) < table.fontMetrics().averageCharWidth() * 48);
        const QPoint place = table.visualRect(model.index(0, 0)).center();
        QHelpEvent help(QEvent::ToolTip, place, table.viewport()->mapToGlobal(place));
        QApplication::sendEvent(table.viewport(), &help);
        QCOMPARE(QToolTip::text(), kName);
    }
};

QTEST_MAIN(TestLabels)
#include "tst_Labels.moc"
